import { type ChildProcess, execFileSync } from 'node:child_process';
import { cp, readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { locateServerFiles } from '../../../embedded/server/server-files.ts';
import { readServerRecord } from '../../../embedded/server/server-record.ts';

/**
 * Copies a store while the command at work on it, and its Temporal server, stand still: what `kill -9` of both at that
 * moment would have left.
 */
export async function stopWhileCopying(options: {
  readonly process: ChildProcess;
  readonly store: string;
  readonly place: string;
}): Promise<void> {
  const record = await readServerRecord(locateServerFiles(options.store));
  const pids = [options.process.pid, record?.pid].filter((pid) => pid !== undefined);
  try {
    for (const pid of pids) {
      process.kill(pid, 'SIGSTOP');
      while (!(await isStopped(pid))) await sleep(5);
    }
    await cp(options.store, options.place, { recursive: true });
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}

/** The signal reaches the threads of a process one after the other. */
async function isStopped(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return execFileSync('ps', ['-o', 'state=', '-p', String(pid)]).includes('T');
  const folder = `/proc/${pid}/task`;
  const threads = await readdir(folder);
  const states = await Promise.all(
    threads.map((thread) => readFile(`${folder}/${thread}/stat`, 'utf8').catch(() => ') T')),
  );
  return states.every((state) => state.slice(state.lastIndexOf(')') + 2).startsWith('T'));
}
