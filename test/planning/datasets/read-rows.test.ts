import { describe, expect, it } from 'vitest';
import { createRowReader } from '../../../planning/datasets/read-rows.ts';
import { createDatasetBench, makeInline } from './support/dataset-bench.ts';

const rows = Array.from({ length: 7 }, (_, number) => ({ number, text: `line\nfeed ${number} 😀` }));

describe('createRowReader', () => {
  it('reads each segment alone, with indexes that go on from the one before', async () => {
    await using bench = await createDatasetBench();
    const planned = await bench.plan(makeInline(rows));
    const reader = createRowReader(bench.content, planned.manifest);
    expect(await reader.getManifest()).toMatchObject({
      version: planned.version,
      idSource: 'position',
      segmentSize: 3,
      count: 7,
    });
    expect((await reader.getManifest()).segments.map(({ count }) => count)).toEqual([3, 3, 1]);
    expect(await reader.readSegment(2)).toEqual([{ index: 6, id: '6', row: rows[6] }]);
    expect((await reader.readSegment(1)).map(({ index }) => index)).toEqual([3, 4, 5]);
  });

  it('refuses a segment that the manifest does not have', async () => {
    await using bench = await createDatasetBench();
    const planned = await bench.plan(makeInline(rows));
    await expect(createRowReader(bench.content, planned.manifest).readSegment(3)).rejects.toMatchObject({
      code: 'internal',
    });
  });

  it('reports a missing manifest and finds it once it is back', async () => {
    await using bench = await createDatasetBench();
    const dry = await bench.plan(makeInline(rows), {}, { segmentSize: 100, store: false });
    const reader = createRowReader(bench.content, dry.manifest);
    await expect(reader.getManifest()).rejects.toMatchObject({ code: 'blob-missing' });
    const planned = await bench.plan(makeInline(rows), {}, { segmentSize: 100 });
    const again = await bench.plan(makeInline(rows), {}, { segmentSize: 100, store: false });
    expect(again.manifest).toBe(planned.manifest);
    expect(await createRowReader(bench.content, again.manifest).readSegment(0)).toHaveLength(7);
  });
});
