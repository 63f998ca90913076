import { statfs } from 'node:fs/promises';
import { EvaluationError } from '../contracts/evaluation-error.ts';

const intervalMs = 2_000;
/** Below that neither a segment nor Temporal's database can grow. */
const minimumBytes = 1_000_000;
/** How long room is waited for: the time to make some. The journal gives a task result up after ten minutes. */
const patienceMs = 5 * 60_000;

/** Bytes that this user may still write to the file system of a folder. */
export async function findFreeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Says when the disk of a store is full and when there is room again. Nobody else may: where Temporal cannot write, the run
 * does not get as far as to fail, and waits without a word.
 *
 * @param onLost - Called once, with the reason, when it has been full for five minutes: nothing goes on then.
 */
export function watchDisk(
  folder: string,
  listener: { onNotice(line: string): void; onLost(reason: EvaluationError): void },
  look: (folder: string) => Promise<number> = findFreeBytes,
): { stop(): void } {
  let fullSinceMs: number | undefined;
  let isStopped = false;
  const check = async (): Promise<void> => {
    const isFull = (await look(folder)) < minimumBytes;
    if (isStopped) return;
    const nowMs = performance.now();
    if (!isFull) {
      if (fullSinceMs !== undefined) listener.onNotice('There is room on the disk again; going on.');
      fullSinceMs = undefined;
    } else if (fullSinceMs === undefined) {
      fullSinceMs = nowMs;
      listener.onNotice(
        `The disk of the store is full (${folder}). What was answered is kept; make room, and it goes on.`,
      );
    } else if (nowMs - fullSinceMs > patienceMs) {
      stop();
      listener.onLost(makeFullError(folder));
    }
  };
  // A file system that does not tell is left to the errors of what writes there.
  const timer = setInterval(() => void check().catch(() => undefined), intervalMs);
  timer.unref();
  const stop = (): void => {
    isStopped = true;
    clearInterval(timer);
  };
  return { stop };
}

function makeFullError(folder: string): EvaluationError {
  return new EvaluationError(
    'store-failed',
    `The disk of the store has been full for ${patienceMs / 60_000} minutes (${folder}).`,
    { hint: 'The run is open and what was answered is kept. Make room, then run the same command again.' },
  );
}
