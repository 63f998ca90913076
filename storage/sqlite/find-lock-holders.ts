import { readFileSync, statSync } from 'node:fs';

/**
 * Processes that hold locks on an SQLite database, such as `process 4711 (sqlite3)`; none where the system does not tell.
 * Only Linux does, in `/proc/locks`. In WAL mode the lock of writers lies on the file `-shm`.
 */
export function findLockHolders(path: string): readonly string[] {
  try {
    const inodes = new Set([path, `${path}-shm`].map((file) => String(statSync(file).ino)));
    const pids = new Set<string>();
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      // `1: POSIX  ADVISORY  WRITE 4711 08:01:1234567 120 120`; a line with `->` waits for the one before
      const [, kind, , access, pid = '', place = ''] = line.trim().split(/\s+/);
      if (kind !== 'POSIX' || access !== 'WRITE' || Number(pid) === process.pid || Number(pid) <= 0) continue;
      if (inodes.has(place.split(':').at(-1) ?? '')) pids.add(pid);
    }
    return [...pids].map((pid) => `process ${pid}${describeCommand(pid)}`);
  } catch {
    return [];
  }
}

function describeCommand(pid: string): string {
  try {
    return ` (${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()})`;
  } catch {
    return '';
  }
}
