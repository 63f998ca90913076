import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { Acknowledgement } from '../support/power-loss/acknowledgement.ts';
import type { OperationKind, Recording } from '../support/power-loss/operation-log.ts';
import { createRandom } from '../support/power-loss/random.ts';
import { createRecorder, listDifferences, type Recorder } from '../support/power-loss/recorder.ts';
import { chooseSeed, survey } from '../support/power-loss/survey.ts';
import { makeImageFolder } from '../support/power-loss/write-image.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// A process works on a store while all its calls on files are recorded; from the record, the disk is made up as a power cut
// could leave it (`support/power-loss/disk.ts` says how), and the store is opened on that.

const seed = chooseSeed();
const random = createRandom(seed);
let images: string;
let tools: TemporaryFolder;
let recorder: Recorder | undefined;
let recording: Recording<Acknowledgement> | undefined;

beforeAll(async () => {
  images = makeImageFolder();
  tools = await makeTemporaryFolder();
  recorder = await createRecorder(tools.path);
  recording = await recorder?.record('store-workload', { folder: await makeFolder('undisturbed') });
}, 120_000);
afterAll(async () => {
  await tools[Symbol.asyncDispose]();
  await rm(images, { recursive: true, force: true });
});

async function makeFolder(name: string): Promise<string> {
  const folder = join(images, name);
  await mkdir(folder);
  return folder;
}

function getRecording({ skip }: TestContext): Recording<Acknowledgement> {
  return recording ?? skip('calls cannot be recorded here');
}

function findFirstPromise({ acknowledgements }: Recording<Acknowledgement>): number {
  return acknowledgements[0]?.position ?? 0;
}

describe('a store whose power is cut', () => {
  it('has been recorded completely', async (context) => {
    const { operations, acknowledgements } = getRecording(context);
    expect(await listDifferences(join(images, 'undisturbed'), { operations, acknowledgements })).toEqual([]);
    const kinds = new Set(acknowledgements.map(({ acknowledgement: { kind } }) => kind));
    expect([...kinds].sort()).toEqual(
      ['answer', 'blob', 'erasing', 'opened', 'outcome', 'published', 'run', 'run-ended', 'segment'].sort(),
    );
  });

  it('opens, and has all that it acknowledged', async (context) => {
    const whole = getRecording(context);
    expect(await survey(whole, { seed, images, count: 98, from: findFirstPromise(whole) })).toEqual([]);
  });

  it('opens when it was cut while the store was being made', async (context) => {
    const whole = getRecording(context);
    expect(await survey(whole, { seed, images, count: 42, to: findFirstPromise(whole) })).toEqual([]);
  });

  // What a killed process leaves behind, the next one sees, builds on and must not take for durable.
  const kills: readonly { readonly kind: OperationKind; readonly isFirst?: boolean }[] = [
    { kind: 'make-folder', isFirst: true },
    { kind: 'make-folder' },
    { kind: 'rename' },
    { kind: 'write' },
    { kind: 'unlink' },
  ];
  it.for(kills)('has all that was acknowledged before and after a kill ($kind)', async (kill, context) => {
    const { operations } = getRecording(context);
    if (recorder === undefined) return;
    const { kind, isFirst = false } = kill;
    const occurrences = operations.filter((operation) => operation.kind === kind).length;
    // Each recording has its own order of calls, and a few more or less of them.
    const count = isFirst ? 1 : 2 + random.upTo(Math.floor(occurrences / 2));
    const folder = await makeFolder(`killed after ${kind} ${count}`);
    const killed = await recorder.record('store-workload', { folder, killAfter: { kind, count } });
    const continued = await recorder.record('store-workload', { folder });
    const lost = await survey(continued, { seed, images, count: 14, from: killed.operations.length });
    expect(lost, `killed after ${kind} ${count}`).toEqual([]);
  });
});

describe('the search for what a power cut takes', () => {
  const forgotten: readonly { readonly what: string; readonly pattern: RegExp; readonly afterOpening?: boolean }[] = [
    { what: 'of the write-ahead log', pattern: /-wal$/ },
    { what: 'of the database, before its log begins anew', pattern: /\/store\.db$/, afterOpening: true },
    { what: 'of blobs', pattern: /\/blobs\/..\/[^/]+$/ },
    { what: 'of the folder of a blob', pattern: /\/blobs\/..$/ },
    { what: 'of the folder of such folders', pattern: /\/blobs$/ },
    { what: 'of the store directory', pattern: /^\.stet$/ },
    { what: 'of the folder that the store is in', pattern: /^$/ },
  ];
  it.for(forgotten)('finds a forgotten sync $what', async ({ pattern, afterOpening = false }, context) => {
    const whole = getRecording(context);
    const since = afterOpening ? findFirstPromise(whole) : 0;
    const forgets = (path: string, position: number) => position >= since && pattern.test(path);
    expect(await survey(whole, { seed, images, count: 700, forgets, untilFirst: true })).not.toEqual([]);
  });
});
