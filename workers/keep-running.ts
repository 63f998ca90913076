import { setTimeout as sleep } from 'node:timers/promises';
import { Worker, type WorkerOptions } from '@temporalio/worker';

/** A worker that is polling. */
export interface RunningWorker {
  /** Whether it takes tasks now; false while another is put in its place, and once it stops. */
  readonly isPolling: boolean;
  /** Tells every activity to stop, waits until they have (queries in flight finish), and ends. */
  stop(): Promise<void>;
}

const RETRY_MS = 500;

/**
 * Runs a worker until it is stopped, and puts another in its place should it fail: a server that has just come up may answer
 * a poll with an error that the SDK takes for final, and a run whose worker is gone would wait without a word. Both have the
 * same activities, so that a second attempt at a segment waits for the first in this process.
 */
export async function keepRunning(options: WorkerOptions): Promise<RunningWorker> {
  let worker = await Worker.create(options);
  const stopping = new AbortController();
  const ended = (async () => {
    while (!(await runToEnd(worker, stopping.signal))) {
      const next = await createAgain(options, stopping.signal);
      if (next === undefined) return;
      worker = next;
    }
  })();
  ended.catch(() => undefined); // thrown by `stop`; until then it must not end the process
  return {
    get isPolling() {
      return !stopping.signal.aborted && worker.getState() === 'RUNNING';
    },
    async stop() {
      stopping.abort();
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
    },
  };
}

/** False where it failed of itself. */
async function runToEnd(worker: Worker, stopping: AbortSignal): Promise<boolean> {
  try {
    await worker.run();
    return true;
  } catch (error) {
    if (stopping.aborted) throw error;
    return false;
  }
}

/** Undefined once it is no longer wanted. */
async function createAgain(options: WorkerOptions, stopping: AbortSignal): Promise<Worker | undefined> {
  while (!stopping.aborted) {
    const created = await Worker.create(options).catch(() => undefined);
    if (created !== undefined) return stopping.aborted ? undefined : created;
    await sleep(RETRY_MS, undefined, { signal: stopping }).catch(() => undefined);
  }
  return undefined;
}
