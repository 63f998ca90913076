import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import { allRows, createDatasetBench, makeInline, makeJsonl, makeLocal } from './support/dataset-bench.ts';

const isGerman = { op: 'equals', expression: '{{ language }}', value: 'DE' };
const rows: readonly JsonObject[] = [
  { sample_id: 'a', question: 'Wie alt?', language: 'DE', level: 1 },
  { sample_id: 'b', question: 'How old?', language: 'EN', level: 2 },
  { sample_id: 'c', question: 'Wie groß?', language: 'DE', level: 3 },
  { sample_id: 'd', question: 'Wann?', language: 'DE', level: 4 },
];

/** The same without the column of ids. */
const unnamed = rows.map(({ question, language, level }): JsonObject => ({ question, language, level }));

async function findVersion(samples: readonly JsonObject[], filters: unknown[] = []): Promise<string> {
  await using bench = await createDatasetBench();
  return (await bench.plan(makeInline(samples, { filters }))).version;
}

describe('planDataset', () => {
  it('stores the rows as segments that read back in order with index and id', async () => {
    await using bench = await createDatasetBench();
    const planned = await bench.plan(makeLocal(await bench.writeFile('rows.jsonl', makeJsonl(rows))));
    expect(planned).toMatchObject({
      key: 'questions',
      count: 4,
      idSource: 'column',
      rowsBeforeFilters: 4,
      warnings: [],
    });
    expect(planned.columns).toEqual(['sample_id', 'question', 'language', 'level']);
    expect(await bench.readSamples(planned)).toEqual(rows.map((row, index) => ({ index, id: row['sample_id'], row })));
  });

  it('filters after ids: the rows left keep their positions, and their indexes are those of the selection', async () => {
    await using bench = await createDatasetBench();
    const planned = await bench.plan(makeInline(unnamed, { filters: [isGerman] }), { numSamples: 2 });
    expect(planned).toMatchObject({ count: 2, idSource: 'position', rowsBeforeFilters: 4, warnings: [] });
    expect((await bench.readSamples(planned)).map(({ index, id }) => [index, id])).toEqual([
      [0, '0'],
      [1, '2'],
    ]);
  });

  it('takes the union of all columns, also of rows that filters drop', async () => {
    await using bench = await createDatasetBench();
    const planned = await bench.plan(
      makeInline([{ a: 1 }, { b: 1, a: 2 }], { filters: [{ op: 'equals', expression: '{{ a }}', value: 1 }] }),
    );
    expect(planned.columns).toEqual(['a', 'b']);
  });

  it('takes all rows where more are asked for than there are', async () => {
    await using bench = await createDatasetBench();
    for (const subsampling of ['head', 'random'] as const) {
      expect((await bench.plan(makeInline(rows), { numSamples: 100, subsampling })).count).toBe(4);
    }
  });

  it('computes the same with store: false, and writes nothing', async () => {
    await using bench = await createDatasetBench();
    await using other = await createDatasetBench();
    const path = await bench.writeFile('rows.jsonl', makeJsonl(rows));
    const options = { now: () => Date.now() + 60_000 };
    const dry = await bench.plan(makeLocal(path), {}, { ...options, store: false });
    await expect(bench.content.get(dry.manifest)).rejects.toMatchObject({ code: 'blob-missing' });
    expect([bench.cache.files.size, bench.cache.selections.size]).toEqual([0, 0]);

    const stored = await other.plan(makeLocal(path), {}, options);
    expect({ ...dry, manifest: stored.manifest }).toEqual(stored);
    expect(await other.plan(makeLocal(path), {}, { ...options, store: false, verifyData: true })).toEqual(stored);
  });

  it('hands on the error of a store that cannot write, once nothing is under way any more', async () => {
    await using bench = await createDatasetBench();
    let underWay = 0;
    const content = {
      ...bench.content,
      async put(bytes: Uint8Array) {
        underWay += 1;
        const reference = await bench.content.put(bytes);
        underWay -= 1;
        if (reference.sizeBytes > 0) throw new Error('no space left');
        return reference;
      },
    };
    await expect(bench.plan(makeInline(rows), {}, { content, segmentSize: 1 })).rejects.toThrow('no space left');
    expect(underWay).toBe(0);
  });
});

describe('the dataset version', () => {
  it('does not depend on format, white space, column order, or how numbers are written', async () => {
    await using bench = await createDatasetBench();
    const csv =
      'level,language,question,sample_id\r\n1.0,DE,"Wie alt?",a\r\n2e0,EN,How old?,b\r\n3,DE,Wie groß?,c\r\n4,DE,Wann?,d\r\n';
    const jsonl = `\ufeff\n${rows.map((row) => JSON.stringify(row).replaceAll(':', ' : ').replace('4', '4.000')).join('\r\n\r\n')}`;
    const versions = await Promise.all([
      bench.plan(makeLocal(await bench.writeFile('rows.csv', csv), { infer_types: true })),
      bench.plan(makeLocal(await bench.writeFile('rows.jsonl', jsonl))),
      bench.plan(makeInline(rows)),
    ]);
    expect(new Set(versions.map(({ version }) => version)).size).toBe(1);
  });

  it('does not depend on subsampling, seed or segment size', async () => {
    await using bench = await createDatasetBench();
    const selections = [{}, { numSamples: 1 }, { numSamples: 2, subsampling: 'random' as const, seed: 7 }];
    const planned = await Promise.all(
      selections.flatMap((selection) =>
        [1, 200].map((segmentSize) => bench.plan(makeInline(rows), selection, { segmentSize })),
      ),
    );
    expect(new Set(planned.map(({ version }) => version)).size).toBe(1);
  });

  it.each([
    ['the order of rows', [rows[1], rows[0], rows[2], rows[3]]],
    ['a cell', [...rows.slice(0, 3), { ...rows[3], question: 'Wann ?' }]],
    ['the type of a cell', [...rows.slice(0, 3), { ...rows[3], level: '4' }]],
    ['an id', [...rows.slice(0, 3), { ...rows[3], sample_id: 'e' }]],
    ['a column that nothing uses', [...rows.slice(0, 3), { ...rows[3], note: null }]],
    ['a missing row', rows.slice(0, 3)],
    ['whether a column serves as ids', rows.map(({ sample_id, ...row }) => ({ ...row, id: sample_id }))],
  ])('changes with %s', async (_name, changed) => {
    expect(await findVersion(changed as JsonObject[])).not.toBe(await findVersion(rows));
  });

  it('does not change with a row that filters drop, as long as ids come from the column', async () => {
    const inserted: JsonObject = { sample_id: 'x', language: 'EN' };
    expect(await findVersion([inserted, ...rows], [isGerman])).toBe(await findVersion(rows, [isGerman]));
  });

  it('changes with a dropped row that moves the positions which are the ids', async () => {
    const inserted: JsonObject = { language: 'EN' };
    expect(await findVersion([inserted, ...unnamed], [isGerman])).not.toBe(await findVersion(unnamed, [isGerman]));
    expect(await findVersion([...unnamed, inserted], [isGerman])).toBe(await findVersion(unnamed, [isGerman]));
  });

  it('stays what it was in earlier releases', async () => {
    expect(await findVersion(rows)).toMatchInlineSnapshot(
      `"sha256:d49f59f82b19b681cda12f4a2500c7b56d88dfaddb37b43e0c20ca57389121db"`,
    );
    expect(await findVersion(unnamed)).toMatchInlineSnapshot(
      `"sha256:a302052d3bee68b0d2466e01f39633360af41f9be5311f3c789a20cad65bbab6"`,
    );
  });
});

describe('sample ids', () => {
  const plan = async (samples: readonly JsonObject[]) => {
    await using bench = await createDatasetBench();
    const planned = await bench.plan(makeInline(samples));
    return { ...planned, ids: (await bench.readSamples(planned)).map(({ id }) => id) };
  };

  it('are the column where every row has text or an integer', async () => {
    expect(await plan([{ sample_id: 7 }, { sample_id: '007' }, { sample_id: -1 }, { sample_id: '' }])).toMatchObject({
      ids: ['7', '007', '-1', ''],
      idSource: 'column',
      warnings: [],
    });
  });

  it('are positions, without a warning, where there is no such column', async () => {
    expect(await plan([{ a: 1 }, { a: 1 }])).toMatchObject({ ids: ['0', '1'], idSource: 'position', warnings: [] });
  });

  it.each([
    ['lacks one', [{ sample_id: 'a' }, { x: 1 }], 'row 1 has none'],
    ['appears late', [{ x: 1 }, { sample_id: 'a' }], 'row 0 has none'],
    ['holds null', [{ sample_id: null }, { sample_id: 'a' }], 'row 0 holds neither text nor an integer'],
    ['holds a fraction', [{ sample_id: 'a' }, { sample_id: 0.5 }], 'row 1 holds neither text nor an integer'],
    ['holds a boolean', [{ sample_id: true }], 'row 0 holds neither text nor an integer'],
    ['repeats itself', [{ sample_id: 'a' }, { sample_id: 'b' }, { sample_id: 'a' }], '"a" occurs again in row 2'],
    ['repeats a text form', [{ sample_id: '1' }, { sample_id: 1 }], '"1" occurs again in row 1'],
  ])('are positions, with a warning, where the column %s', async (_name, samples, warning) => {
    const planned = await plan(samples as JsonObject[]);
    expect(planned.ids).toEqual(samples.map((_, index) => String(index)));
    expect(planned.warnings).toEqual([expect.stringContaining(warning)]);
  });

  it('count rows that filters drop: a repeated id among these makes the column unusable', async () => {
    await using bench = await createDatasetBench();
    const samples = [
      { sample_id: 'a', language: 'EN' },
      { sample_id: 'a', language: 'DE' },
    ];
    const planned = await bench.plan(makeInline(samples, { filters: [isGerman] }));
    expect((await bench.readSamples(planned)).map(({ id }) => id)).toEqual(['1']);
  });
});

describe('planDataset refuses', () => {
  it('a dataset whose filters leave nothing, with the number before them', async () => {
    await using bench = await createDatasetBench();
    const french = { ...isGerman, value: 'FR' };
    await expect(bench.plan(makeInline(rows, { filters: [french] }))).rejects.toMatchObject({
      code: 'dataset-empty',
      message: 'Dataset "questions": its filters leave no row of 4.',
    });
    expect(bench.cache.selections.size).toBe(0);
  });

  it.each(['rows.csv', 'rows.jsonl'])('an empty %s', async (name) => {
    await using bench = await createDatasetBench();
    const dataset = makeLocal(await bench.writeFile(name, ''));
    await expect(bench.plan(dataset)).rejects.toMatchObject({
      code: 'dataset-empty',
      message: 'Dataset "questions" has no rows.',
    });
  });

  it('a file that is not there, naming the most similar one', async () => {
    await using bench = await createDatasetBench();
    await bench.writeFile('Questions.jsonl', '{}');
    await bench.writeFile('other.csv', '');
    await expect(bench.plan(makeLocal(`${bench.folder}/question.jsonl`))).rejects.toMatchObject({
      code: 'config-file-missing',
      message: expect.stringContaining(`${bench.folder}/question.jsonl`) as unknown,
      hint: 'Did you mean "Questions.jsonl"?',
    });
  });

  it('a file in a folder that is not there', async () => {
    await using bench = await createDatasetBench();
    await expect(bench.plan(makeLocal(`${bench.folder}/data/rows.jsonl`))).rejects.toMatchObject({
      code: 'config-file-missing',
      hint: `There is no folder ${bench.folder}/data either.`,
    });
  });

  it('a folder in place of a file', async () => {
    await using bench = await createDatasetBench();
    await mkdir(`${bench.folder}/folder.csv`);
    await expect(bench.plan(makeLocal(`${bench.folder}/folder.csv`))).rejects.toMatchObject({
      code: 'dataset-invalid',
      message: expect.stringContaining('is not a file') as unknown,
    });
  });

  it('an inline number that is not what was written', async () => {
    await using bench = await createDatasetBench();
    await expect(bench.plan(makeInline([{ a: 1 }, { a: { b: [2 ** 53] } }]))).rejects.toThrow(
      'Dataset "questions", row 1: the field "a.b[0]" holds 9007199254740992',
    );
    expect((await bench.plan(makeInline([{ a: 2 ** 53 - 1, b: 6e23 }]))).count).toBe(1);
  });

  it('what goes wrong in a filter, naming the row', async () => {
    await using bench = await createDatasetBench();
    const path = await bench.writeFile('rows.jsonl', `\n${makeJsonl(rows)}`);
    const compileFilters = () => (names: Readonly<Record<string, unknown>>) => {
      if (names['level'] !== 3) return true;
      throw new EvaluationError('template-undefined', 'template x, sample 2: "langage" is undefined', {
        hint: 'Did you mean "language"?',
      });
    };
    await expect(
      bench.plan(makeLocal(path, { filters: [isGerman] }), allRows, { compileFilters }),
    ).rejects.toMatchObject({
      code: 'dataset-invalid',
      message: `Dataset "questions", ${path}:4, row 2: a filter cannot be applied: template x, sample 2: "langage" is undefined`,
      hint: 'Did you mean "language"?',
    });
  });
});
