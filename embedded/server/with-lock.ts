import { chmodSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { EvaluationError } from '../../contracts/evaluation-error.ts';

const retryEveryMs = 25;

/**
 * Runs a function while this process alone holds the lock of that path.
 *
 * The lock is an exclusive transaction on an empty SQLite file. The operating system drops it when its holder ends in
 * whatever way, so there is no stale lock to detect, and no moment in which two processes both clear one away.
 *
 * @throws {EvaluationError} `temporal-failed` when others hold it longer than `timeoutMs`.
 */
export async function withLock<Result>(
  path: string,
  options: { readonly timeoutMs: number; readonly onWait?: () => void },
  run: () => Promise<Result>,
): Promise<Result> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const release = await acquire(path, options);
  try {
    return await run();
  } finally {
    release();
  }
}

async function acquire(
  path: string,
  { timeoutMs, onWait }: { readonly timeoutMs: number; readonly onWait?: () => void },
): Promise<() => void> {
  const deadline = performance.now() + timeoutMs;
  for (let attempt = 0; ; attempt++) {
    const release = tryAcquire(path);
    if (release !== undefined) return release;
    if (attempt === 0) onWait?.();
    if (performance.now() > deadline) {
      throw new EvaluationError(
        'temporal-failed',
        `Another process has held ${path} for ${Math.round(timeoutMs / 1000)} s.`,
        {
          hint: 'See which other commands of Stet are running, and end the one that hangs.',
        },
      );
    }
    await sleep(retryEveryMs);
  }
}

function tryAcquire(path: string): (() => void) | undefined {
  const database = new Database(path);
  try {
    database.exec('PRAGMA busy_timeout = 0'); // waiting inside SQLite would block this process's workers
    database.exec('BEGIN EXCLUSIVE');
    chmodSync(path, 0o600); // not by opening it: closing that again would drop the lock
    return () => {
      database.close();
    };
  } catch (error) {
    database.close();
    if ((error as { readonly code?: string }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}
