import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedWorker } from '../embedded/start-worker.ts';
import type { CommandContext, StartWorkerOptions } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { writeJson } from './output/json.ts';
import { cleanText } from './output/text.ts';
import { watchStopSignals } from './stop-signals.ts';

/** Queries in flight are bounded by their time-outs; whatever takes longer than this does not answer any more. */
const longestDrainMs = 15 * 60_000;

/**
 * Starts a worker and stays until a signal drains it: exit 0. A second signal leaves at once, as if killed.
 *
 * @throws what the worker was lost for.
 */
export async function serveUntilStopped(
  context: CommandContext,
  flags: { readonly json?: boolean },
  options: Omit<StartWorkerOptions, 'waitUntil' | 'onNotice'>,
): Promise<number> {
  const say = (line: string) => context.stderr.write(`${cleanText(line)}\n`);
  const stop = watchStopSignals(context);
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stop.onStop(() => {
      say('Draining: nothing new is taken, queries in flight may finish. Once more leaves at once.');
      stopping.abort();
      resolve();
    });
  });
  try {
    const starting = context.startWorker({ ...options, waitUntil: stopping.signal, onNotice: say });
    const worker = await starting.catch((error: unknown) => {
      if (stopping.signal.aborted) return undefined; // it had nothing yet to drain
      throw error;
    });
    if (worker === undefined) return exitCodes.done;
    for (const line of describeWorker(options.role, worker)) say(line);
    if (flags.json === true) writeJson(context.stdout, makeWorkerDocument(worker));
    try {
      await Promise.race([stopped, worker.lost]);
    } finally {
      await Promise.race([worker.stop(), sleep(longestDrainMs, undefined, { ref: false })]);
    }
    say('Drained.');
    return exitCodes.done;
  } finally {
    stop.end();
  }
}

function makeWorkerDocument({ storeId, temporal, uiAddress, healthAddress, metricsAddress }: StartedWorker) {
  return {
    store_id: storeId,
    temporal,
    web_ui: uiAddress ?? null,
    health: healthAddress ?? null,
    metrics: metricsAddress ?? null,
  };
}

function describeWorker(role: StartWorkerOptions['role'], worker: StartedWorker): readonly string[] {
  const { storeId, temporal, healthAddress, metricsAddress } = worker;
  return [
    `Store: ${storeId}`,
    `Temporal: ${temporal.address}, namespace ${temporal.namespace}${temporal.kind === 'embedded' ? ' (came with Stet)' : ''}`,
    ...(healthAddress === undefined ? [] : [`Health: ${healthAddress}/readyz`]),
    ...(metricsAddress === undefined ? [] : [`Metrics: ${metricsAddress}/metrics`]),
    role === 'up'
      ? 'Up: takes up detached, scheduled and interrupted runs of this store. Ctrl-C drains and ends.'
      : 'Working: on what is left to workers, and on interrupted runs of this store. Ctrl-C drains and ends.',
  ];
}
