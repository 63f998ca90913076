import { Worker } from '@temporalio/worker';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { keepRunning } from '../../workers/keep-running.ts';

/** A worker of the SDK as far as it is used: it runs until it is shut down, or fails when it is told to. */
function makeWorker() {
  let state = 'RUNNING';
  const outcome: { resolve?: () => void; reject?: (error: Error) => void } = {};
  const ended = new Promise<void>((resolve, reject) => Object.assign(outcome, { resolve, reject }));
  return {
    run: () => ended,
    getState: () => state,
    shutdown() {
      state = 'STOPPED';
      outcome.resolve?.();
    },
    fail(message: string) {
      state = 'FAILED';
      outcome.reject?.(new Error(message));
    },
  };
}

function createInTurn(...workers: readonly (ReturnType<typeof makeWorker> | Error)[]) {
  const create = vi.spyOn(Worker, 'create');
  for (const worker of workers) {
    if (worker instanceof Error) create.mockRejectedValueOnce(worker);
    else create.mockResolvedValueOnce(worker as unknown as Worker);
  }
  return create;
}

const options = { taskQueue: 'stet/test' };

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a worker that is kept running', () => {
  it('ends when it is stopped', async () => {
    const worker = makeWorker();
    const create = createInTurn(worker);
    await (await keepRunning(options)).stop();
    expect(worker.getState()).toBe('STOPPED');
    expect(create).toHaveBeenCalledTimes(1);
  });

  it('is followed by another when it fails, also where that takes a second try', async () => {
    const [first, second] = [makeWorker(), makeWorker()];
    const create = createInTurn(first, new Error('The server is not there yet.'), second);
    const running = await keepRunning(options);
    first.fail('Namespace default is not found.');
    await vi.waitUntil(() => create.mock.calls.length === 3, { timeout: 10_000 });
    expect(create.mock.calls.every(([given]) => given === options)).toBe(true);
    await running.stop();
    expect(second.getState()).toBe('STOPPED');
  });

  it('is not waited for where it cannot be followed and is not wanted any more', async () => {
    const first = makeWorker();
    const create = createInTurn(first);
    const running = await keepRunning(options);
    create.mockRejectedValue(new Error('The server is gone.'));
    first.fail('The server is gone.');
    await vi.waitUntil(() => create.mock.calls.length > 1, { timeout: 10_000 });
    await running.stop();
  });

  it('says what is wrong when it cannot be made at all', async () => {
    createInTurn(new Error('There is no such namespace.'));
    await expect(keepRunning(options)).rejects.toThrow('There is no such namespace.');
  });
});
