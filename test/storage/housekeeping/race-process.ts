import { hash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { openStore } from '../../../storage/open-store.ts';
import { digestOf, makeRun } from '../conformance/samples.ts';
import { pathOf } from '../open-temporary-store.ts';

// Run as a process of its own: puts blobs and registers references to them, or collects garbage until it is told to stop.

export type RaceRole = 'register, then put' | 'put, then register' | 'collect';

export interface RaceReport {
  /** Digests that could not be read although a reference to them was registered. */
  readonly unreadable: readonly string[];
  /** References that are registered to the end. */
  readonly kept: readonly string[];
  /** Blobs that a collector has removed. */
  readonly swept: number;
}

const [role = '', directory = '', name = '', graceMs = '0'] = process.argv.slice(2);
const store = await openStore(directory);
const report = { unreadable: [] as string[], kept: [] as string[], swept: 0 };
let isStopped = false;
process.on('message', () => {
  isStopped = true;
});
process.send?.('ready');

const lanes = 4;
const work: Record<string, () => Promise<unknown>> = {
  'register, then put': () => inLanes(registerThenPut),
  'put, then register': () => inLanes(putThenRegister),
  collect,
};
await work[role]?.();
await store.close();
process.send?.(report satisfies RaceReport);
process.disconnect?.();

/** A plan that refers to nothing, too large and too irregular to pass for the text of an error, which an open run keeps. */
function makePlan(name: string): string {
  const noise = Array.from({ length: 400 }, (_, index) => hash('sha512', `${name} ${index}`, 'base64'));
  return JSON.stringify({ tasks: [], models: {}, noise });
}

function inLanes(lane: (index: number) => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
}

/** The same few texts over and over, which are garbage in between: both writers and both collectors meet at them. */
async function registerThenPut(lane: number): Promise<void> {
  for (let round = 0; round < 30; round++) {
    const text = makePlan(`${lane} ${round % 3}`);
    const runId = `${name}-${lane}-${round}`;
    await store.runs.createRun(makeRun(runId, { plan: digestOf(text) }), []);
    await putAndRead(text);
    await store.runs.recordRunEnd(runId, { failed: false });
  }
}

/** Texts that lie around since long ago are put once more, and only then referred to. */
async function putThenRegister(lane: number): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const texts = Array.from({ length: 6 }, (_, index) => makePlan(`${name} ${lane} ${round} ${index}`));
    for (const text of texts) {
      await store.content.put(Buffer.from(text));
      await utimes(pathOf(directory, digestOf(text)), 1_000, 1_000);
    }
    for (const text of texts) {
      await putAndRead(text, () => store.runs.createRun(makeRun(digestOf(text), { plan: digestOf(text) }), []));
      report.kept.push(digestOf(text));
    }
  }
}

async function putAndRead(text: string, register: () => Promise<void> = async () => {}): Promise<void> {
  const { digest } = await store.content.put(Buffer.from(text));
  await register();
  await store.content.get(digest).catch(() => report.unreadable.push(digest));
  if ((await store.content.findSize(digest)) === undefined) report.unreadable.push(digest);
}

async function collect(): Promise<void> {
  while (!isStopped) {
    const { files } = await store.housekeeping.collectGarbage({
      graceMs: Number(graceMs),
      olderThanMs: 0,
      keepLatest: 0,
      dryRun: false,
      nowMs: Date.now(),
      isProcessAlive: () => true,
    });
    report.swept += files.blobs.count;
  }
}
