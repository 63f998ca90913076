import process from 'node:process';
import { startWorker } from '../embedded/start-worker.ts';
import { parseListenAddress } from './health-server.ts';

// The worker of containers: the composition of `stet worker` without a command line, set by the environment alone. It is
// compiled apart (tsconfig.main.json), since it composes what nothing else in this folder may know.

/** Kubernetes and Compose send SIGKILL when their own grace is over; this is the end for whoever sends none. */
const longestDrainMs = 15 * 60_000;

const environment = process.env;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const stopping = new AbortController();
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(1); // told twice: at once
      say('Draining: nothing new is taken, queries in flight may finish.');
      stopping.abort();
      resolve();
    });
  }
});

try {
  await work();
  process.exit(0);
} catch (error) {
  if (stopping.signal.aborted) process.exit(0);
  const { message, hint } = error as { readonly message: string; readonly hint?: string };
  process.stderr.write(`error: ${message}${hint === undefined ? '' : `\n  ${hint}`}\n`);
  process.exit(1);
}

async function work(): Promise<void> {
  const health = environment['STET_HEALTH'];
  const metrics = environment['STET_METRICS'];
  const maxSegments = readCount('STET_MAX_SEGMENTS');
  const maxCachedWorkflows = readCount('STET_MAX_CACHED_WORKFLOWS');
  const envFile = environment['STET_ENV_FILE'];
  const worker = await startWorker({
    role: 'worker',
    waitUntil: stopping.signal,
    onNotice: say,
    ...(envFile === undefined || envFile === '' ? {} : { envFile }),
    ...(health === undefined || health === '' ? {} : { health: parseListenAddress(health) }),
    ...(metrics === undefined || metrics === '' ? {} : { metrics: parseListenAddress(metrics) }),
    ...(maxSegments === undefined ? {} : { maxSegments }),
    ...(maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows }),
  });
  say(`Working on store ${worker.storeId} at ${worker.temporal.address}, namespace ${worker.temporal.namespace}.`);
  try {
    await Promise.race([stopped, worker.lost]);
  } finally {
    const late = new Promise<void>((resolve) => setTimeout(resolve, longestDrainMs).unref());
    await Promise.race([worker.stop(), late]);
  }
  say('Drained.');
}

function readCount(name: string): number | undefined {
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new Error(`${name} must be a whole number from 1, not ${JSON.stringify(text)}.`);
  return Number(text);
}
