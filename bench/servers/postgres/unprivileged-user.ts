import { execFileSync } from 'node:child_process';

/** A user that is not root, which PostgreSQL refuses to run as; undefined where this process is not root's. */
export function findUnprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, name], { stdio: 'pipe' })));
      if (uid !== undefined && gid !== undefined) return { uid, gid };
    } catch {
      // no such user: the next one
    }
  }
  throw new Error('This runs as root, and there is neither a user "postgres" nor "nobody" to run PostgreSQL as.');
}
