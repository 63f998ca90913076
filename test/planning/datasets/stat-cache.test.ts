import { readdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lostRowsWarning } from '../../../planning/datasets/plan-dataset.ts';
import type { CompileFilters } from '../../../planning/datasets/row-filter.ts';
import { createDatasetBench, makeJsonl, makeLocal } from './support/dataset-bench.ts';

const rows = Array.from({ length: 10 }, (_, number) => ({ sample_id: `s${number}`, number }));
/** A minute from now: every file of the test has been left alone long enough. */
const later = { now: () => Date.now() + 60_000 };
const anyFilter = { op: 'exists', expression: '{{ number }}' };

/** Counts how many rows come by. */
function createWatch(): { seen: number; compileFilters: CompileFilters } {
  const watch = {
    seen: 0,
    compileFilters: () => () => {
      watch.seen += 1;
      return true;
    },
  };
  return watch;
}

describe('a file that was read before', () => {
  it('is not read again, nor parsed', async () => {
    await using bench = await createDatasetBench();
    const watch = createWatch();
    const dataset = makeLocal(await bench.writeFile('rows.jsonl', makeJsonl(rows)), { filters: [anyFilter] });
    const first = await bench.plan(dataset, {}, { ...later, ...watch });
    const second = await bench.plan(dataset, {}, { ...later, ...watch });
    expect(second).toEqual(first);
    expect(watch.seen).toBe(10);
    expect(bench.cache.files.size).toBe(1);
  });

  it('stands with store: false too', async () => {
    await using bench = await createDatasetBench();
    const watch = createWatch();
    const dataset = makeLocal(await bench.writeFile('rows.jsonl', makeJsonl(rows)), { filters: [anyFilter] });
    const first = await bench.plan(dataset, {}, { ...later, ...watch });
    expect(await bench.plan(dataset, {}, { ...later, ...watch, store: false })).toEqual(first);
    expect(watch.seen).toBe(10);
  });

  it('stands under another name and time stamp, since content counts', async () => {
    await using bench = await createDatasetBench();
    const watch = createWatch();
    const path = await bench.writeFile('rows.jsonl', makeJsonl(rows));
    const first = await bench.plan(makeLocal(path, { filters: [anyFilter] }), {}, { ...later, ...watch });
    const other = join(bench.folder, 'copy.jsonl');
    await rename(path, other);
    await utimes(other, 1, 1);
    expect(await bench.plan(makeLocal(other, { filters: [anyFilter] }), {}, { ...later, ...watch })).toEqual(first);
    expect(watch.seen).toBe(10);
  });

  it('is read again with verifyData', async () => {
    await using bench = await createDatasetBench();
    const watch = createWatch();
    const dataset = makeLocal(await bench.writeFile('rows.jsonl', makeJsonl(rows)), { filters: [anyFilter] });
    const first = await bench.plan(dataset, {}, { ...later, ...watch });
    for (const stat of bench.cache.files.keys()) bench.cache.files.set(stat, `sha256:${'0'.repeat(64)}`);
    expect(await bench.plan(dataset, {}, { ...later, ...watch, verifyData: true })).toEqual(first);
    expect(watch.seen).toBe(20);
  });

  it.each([
    ['the selection', { numSamples: 3 }, {}],
    ['the seed of a random selection', { numSamples: 3, subsampling: 'random', seed: 1 }, {}],
    ['the segment size', {}, { segmentSize: 4 }],
  ] as const)('is parsed again for another value of %s', async (_name, selection, options) => {
    await using bench = await createDatasetBench();
    const watch = createWatch();
    const dataset = makeLocal(await bench.writeFile('rows.jsonl', makeJsonl(rows)), { filters: [anyFilter] });
    await bench.plan(dataset, {}, { ...later, ...watch });
    await bench.plan(dataset, { numSamples: 3, subsampling: 'random' }, { ...later, ...watch });
    await bench.plan(dataset, selection, { ...later, ...watch, ...options });
    expect(watch.seen).toBe(30);
  });

  it('is parsed again for other filters and other reader options', async () => {
    await using bench = await createDatasetBench();
    const path = await bench.writeFile('rows.csv', 'sample_id,number\n1,1\n2,2\n');
    const text = await bench.plan(makeLocal(path), {}, later);
    const inferred = await bench.plan(makeLocal(path, { infer_types: true }), {}, later);
    const equalsTwo = { op: 'equals', expression: '{{ number }}', value: '2' };
    const filtered = await bench.plan(makeLocal(path, { filters: [equalsTwo] }), {}, later);
    expect(new Set([text.version, inferred.version, filtered.version]).size).toBe(3);
    expect([text.count, inferred.count, filtered.count]).toEqual([2, 2, 1]);
  });

  it('is read again after a change, also one that leaves size and modification time alone', async () => {
    await using bench = await createDatasetBench();
    const path = await bench.writeFile('rows.jsonl', '{"a":1}\n');
    await utimes(path, 1000, 1000);
    const first = await bench.plan(makeLocal(path), {}, later);
    await writeFile(path, '{"a":2}\n');
    await utimes(path, 1000, 1000);
    expect((await bench.plan(makeLocal(path), {}, later)).version).not.toBe(first.version);
  });

  it('is not trusted by its time stamps when it had just been written', async () => {
    await using bench = await createDatasetBench();
    const path = await bench.writeFile('rows.jsonl', makeJsonl(rows));
    const changedAtMs = statSync(path).ctimeMs;
    await bench.plan(makeLocal(path), {}, { now: () => Math.floor(changedAtMs) });
    await bench.plan(makeLocal(path), {}, { now: () => Math.floor(changedAtMs) + 1999 });
    expect(bench.cache.files.size).toBe(0);
    await bench.plan(makeLocal(path), {}, { now: () => Math.ceil(changedAtMs) + 2001 });
    expect(bench.cache.files.size).toBe(1);
  });
});

describe('stored rows that are gone', () => {
  it.each(['removed', 'cut short', 'overwritten'])('are written again when any blob was %s', async (damage) => {
    await using bench = await createDatasetBench();
    const dataset = makeLocal(await bench.writeFile('rows.jsonl', makeJsonl(rows)));
    const first = await bench.plan(dataset, {}, later);
    const before = await bench.readSamples(first);
    const blobs = listFiles(join(bench.folder, 'store'));
    expect(blobs).toHaveLength(5);
    for (const blob of blobs) {
      // What is only overwritten in place is found where it is read: of the manifest here, of a segment by its reader.
      if (damage === 'overwritten' && !(await isManifest(bench, first, blob))) continue;
      if (damage === 'removed') rmSync(blob);
      else if (damage === 'cut short') truncateSync(blob, 10);
      else writeFileSync(blob, Buffer.alloc(statSync(blob).size));
      const again = await bench.plan(dataset, {}, later);
      expect(again).toEqual({ ...first, warnings: [...first.warnings, lostRowsWarning] });
      expect(await bench.readSamples(first)).toEqual(before);
      expect(await bench.plan(dataset, {}, later)).toEqual(first);
    }
  });
});

async function isManifest(
  bench: Awaited<ReturnType<typeof createDatasetBench>>,
  planned: { readonly manifest: string },
  blob: string,
): Promise<boolean> {
  const kept = await readFile(blob);
  rmSync(blob);
  try {
    return (await bench.content.findSize(planned.manifest as `sha256:${string}`)) === undefined;
  } finally {
    await writeFile(blob, kept);
  }
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('a file that changes while it is read', () => {
  const random = { numSamples: 3, subsampling: 'random' as const };

  /** Runs once, when the given row is being filtered. */
  function changeAtRow(at: number, change: () => void): { compileFilters: CompileFilters } {
    let isDone = false;
    return {
      compileFilters: () => (names) => {
        if (names['number'] === at && !isDone) {
          isDone = true;
          change();
        }
        return true;
      },
    };
  }

  it.each([
    ['head', { numSamples: 3 }, (path: string) => writeFileSync(path, 'more\n', { flag: 'a' })],
    ['random', random, (path: string) => writeFileSync(path, 'more\n', { flag: 'a' })],
    [
      'random, on the second reading only',
      random,
      (path: string) => writeFileSync(path, 'x'.repeat(40), { flag: 'r+' }),
    ],
  ])('is refused (%s)', async (_name, selection, change) => {
    await using bench = await createDatasetBench();
    const path = await bench.writeFile('rows.jsonl', makeJsonl(rows));
    const options = changeAtRow(9, () => change(path));
    await expect(bench.plan(makeLocal(path, { filters: [anyFilter] }), selection, options)).rejects.toMatchObject({
      code: 'dataset-invalid',
    });
    expect(bench.cache.selections.size).toBe(0);
  });

  it('is refused in words when the rows still read well', async () => {
    await using bench = await createDatasetBench();
    const path = await bench.writeFile('rows.jsonl', makeJsonl(rows));
    const options = changeAtRow(9, () => writeFileSync(path, makeJsonl(rows).replaceAll('"s', '"t')));
    await expect(bench.plan(makeLocal(path, { filters: [anyFilter] }), random, options)).rejects.toThrow(
      'changed while it was read',
    );
  });

  it('is read to the end as it was when another file takes its place', async () => {
    await using bench = await createDatasetBench();
    const path = await bench.writeFile('rows.jsonl', makeJsonl(rows));
    const other = await bench.writeFile('other.jsonl', makeJsonl([{ number: 1 }]));
    const options = changeAtRow(9, () => renameSync(other, path));
    const planned = await bench.plan(makeLocal(path, { filters: [anyFilter] }), random, options);
    expect(planned).toMatchObject({ count: 3, rowsBeforeFilters: 10 });
  });
});
