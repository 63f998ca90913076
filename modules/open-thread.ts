import { Worker } from 'node:worker_threads';
import type { OpenHostChannel } from '../hosts/host-channel.ts';
import type { FromHost } from '../hosts/host-messages.ts';
import { findBuiltFile } from './built-file.ts';
import type { ThreadData } from './thread-data.ts';

/** Threads that run bundles of user code; `memoryLimitMb` is the JavaScript heap of one. */
export function openThreadsWith(memoryLimitMb: number): OpenHostChannel {
  return (listener) => {
    const shared = new SharedArrayBuffer(16);
    const current = new Int32Array(shared, 0, 1);
    const enteredAt = new Float64Array(shared, 8, 1);
    const worker = new Worker(findBuiltFile('modules/module-thread.js'), {
      workerData: { current: shared } satisfies ThreadData,
      env: {},
      argv: [],
      execArgv: [],
      stdin: false,
      resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb },
    });
    let lastError: Error | undefined;
    worker.on('message', (message: FromHost) => listener.heard(message));
    worker.on('error', (error) => {
      lastError = error;
    });
    worker.on('exit', (code) => {
      listener.ended(
        lastError === undefined ? `it ended its thread with exit code ${code}` : tellError(lastError, memoryLimitMb),
      );
    });
    return {
      post: (messages) => worker.postMessage(messages),
      readCurrent() {
        const id = Atomics.load(current, 0);
        return id === 0 ? undefined : { id, enteredAtMs: enteredAt[0] ?? 0 };
      },
      setBusy: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
      terminate: () => void worker.terminate(),
    };
  };
}

function tellError(error: Error, memoryLimitMb: number): string {
  return (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? `it used more than ${memoryLimitMb} MB of memory`
    : `an error outside of the call ended its thread: ${error.message}`;
}
