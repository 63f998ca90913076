import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { isServerAlive } from '../../embedded/server/server-record.ts';
import { readServerRecord } from './stores/place-store.ts';

const program = fileURLToPath(new URL('./run-files.mjs', import.meta.url));

/** Runs in a process of their own, which can be killed with them. */
export interface KillableRuns {
  readonly process: ChildProcess;
  /** Ids, in the order of the files. */
  readonly ids: readonly string[];
  /** `kill -9`; with the Temporal server where `server` says so. */
  kill(options?: { readonly server?: boolean }): Promise<void>;
}

/**
 * Starts an evaluation of each run file on one store, with segments of six rows, and resolves once all have begun; `in-order`
 * where the first is to hold what the next ones want.
 */
export async function startKillableRuns(
  store: string,
  files: readonly string[],
  how: 'at-once' | 'in-order' = 'at-once',
): Promise<KillableRuns> {
  const child = spawn(process.execPath, [program, store, how, ...files], {
    cwd: path.dirname(files[0] ?? '.'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => {
    errors += text.toString();
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`The runs ended with ${code}:\n${errors}`)));
  });
  return {
    process: child,
    ids: JSON.parse(line) as string[],
    async kill({ server = false } = {}) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      if (server) await killServer(store);
    },
  };
}

/** Kills the Temporal server of a store with -9 and waits until it is gone. */
export async function killServer(store: string): Promise<void> {
  const record = await readServerRecord(store);
  if (isServerAlive(record)) process.kill(record.pid, 'SIGKILL');
  await vi.waitUntil(() => !isServerAlive(record), { timeout: 30_000, interval: 10 });
}
