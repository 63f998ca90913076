import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelError } from '../../evaluation/model-error.ts';
import type { ScoredSample } from '../../evaluation/score.ts';
import type { SolvedSample } from '../../evaluation/trace.ts';
import type { Stage } from '../../storage/journal.ts';
import { readSegmentLines } from '../../storage/segment-lines.ts';
import { answerCapital, exactScorer, looseScorer, makeRows } from '../support/capital-run.ts';
import { type ActivityBench, type BenchOptions, openActivityBench } from './activity-bench.ts';
import { createFakeModels } from './fake-models.ts';

let bench: ActivityBench;
beforeEach(async () => {
  bench = await openActivityBench();
});
afterEach(() => bench.dispose());

const judge = {
  type: 'model_as_a_judge_classifier',
  key: 'judge',
  model_key: 'judge',
  user_prompt: 'Is {{ trace.get_last_assistant_text() }} right for {{ sample.country }}?',
  correct_labels: ['yes'],
  incorrect_labels: ['no'],
} as const;

const judgeModel = {
  key: 'judge',
  config: { connection_type: 'openai_compatible', base_url: 'http://127.0.0.1:9/v1', model_key: 'judge-1' },
} as const;

function answer({ model, prompt }: { readonly model: string; readonly prompt: string }): string {
  return model === 'small' ? answerCapital(prompt) : JSON.stringify({ prediction: 'yes', reasoning: model });
}

async function run(options: BenchOptions, now?: () => number) {
  const models = createFakeModels(answer);
  const added = await bench.addRun(options);
  const record = await added.complete(models, now);
  const sent = (model: string) => models.sent.filter((query) => query.model === model).length;
  return { added, record, models, sent: models.sent.length, solver: sent('small'), judges: sent('judge') };
}

async function readLines<Line extends SolvedSample | ScoredSample>(taskResultId: string, stage: Stage) {
  const lines: Line[] = [];
  for (const { blob } of await bench.store.results.listSegments(taskResultId, stage)) {
    lines.push(...(await readSegmentLines<Line>(bench.store.content, blob.digest)));
  }
  return lines;
}

const edited = makeRows(30).map((row, index) => (index === 7 ? { ...row, country: 'Country 700' } : row));

describe('single answers', () => {
  it('do not stand where nobody asks for it', async () => {
    await run({ rows: 30 });
    expect((await run({ samples: edited })).sent).toBe(30);
    expect((await run({ rows: 29, reuse: { answers: 'off' } })).sent).toBe(29);
  });

  it('let one edited row cost one query, and are counted apart', async () => {
    const first = await run({ rows: 30, segmentSize: 10 });
    const second = await run({ samples: edited, segmentSize: 10, reuse: { answers: 'solver' } });
    expect(second.models.sent.map(({ prompt }) => prompt)).toEqual(['Capital of Country 700?']);
    expect(second.record).toMatchObject({
      status: 'completed',
      reuse: 'none',
      queries: { sent: 1, retried: 0, saved: 0 },
      answersStood: 29,
      isCurrent: true,
    });
    const solved = await readLines<SolvedSample>(second.record.taskResultId, 'solve');
    expect(solved[3]?.trials[0]?.queries[0]?.origin).toMatchObject({
      run: first.added.runId,
      task_result: first.record.taskResultId,
      sample_id: 'c3',
    });
    expect(solved[7]?.trials[0]?.queries[0]).not.toHaveProperty('origin');
  });

  it('let a grown dataset cost its new rows, wherever they are put', async () => {
    await run({ rows: 10 });
    const rows = makeRows(30);
    const grown = await run({ samples: [...rows.slice(20), ...rows.slice(0, 20)], reuse: { answers: 'solver' } });
    expect(grown.sent).toBe(20);
    expect(grown.record.answersStood).toBe(10);
  });

  it('give the result that asking would have given', async () => {
    await run({ rows: 30, numTrials: 2 });
    const standing = await run({ samples: edited, numTrials: 2, reuse: { answers: 'all' } });
    expect(standing.sent).toBe(2);
    const asked = await run({ samples: edited, numTrials: 2, cachePolicy: 'no-cache' });
    expect(standing.record.resultDigest).toBe(asked.record.resultDigest);
    expect(standing.record.resultKey).toBe(asked.record.resultKey);
  });

  it('stand in a further result with the place where they were first given', async () => {
    const first = await run({ rows: 30 });
    const second = await run({ samples: edited, reuse: { answers: 'solver' } });
    const third = await run({ samples: edited.toSpliced(20, 1), reuse: { answers: 'solver' } });
    expect(third.sent).toBe(0);
    const origins = (await readLines<SolvedSample>(third.record.taskResultId, 'solve')).map(
      ({ trials }) => trials[0]?.queries[0]?.origin?.task_result,
    );
    expect(new Set(origins)).toEqual(new Set([first.record.taskResultId, second.record.taskResultId]));
  });

  it('of judges stand beside a new scorer only where all answers may', async () => {
    const models = [judgeModel];
    await run({ rows: 10, models, scorers: [judge] });
    const off = await run({ rows: 10, models, scorers: [judge, exactScorer] });
    expect(off).toMatchObject({ solver: 0, judges: 10 });
    const solver = await run({ rows: 10, models, scorers: [judge, looseScorer], reuse: { answers: 'solver' } });
    expect(solver).toMatchObject({ solver: 0, judges: 10 });
    const all = await run({
      rows: 10,
      models,
      scorers: [exactScorer, judge, looseScorer],
      reuse: { answers: 'all' },
    });
    expect(all).toMatchObject({ solver: 0, judges: 0 });
    expect(all.record).toMatchObject({ reuse: 'partial', queries: { sent: 0, saved: 10 }, answersStood: 10 });
  });

  it('of two judges who are asked the same are told apart', async () => {
    const second = { ...judgeModel, key: 'other', config: { ...judgeModel.config, model_key: 'judge-2' } };
    const scorers = [judge, { ...judge, key: 'second', model_key: 'other' }];
    const models = [judgeModel, second];
    const first = await run({ rows: 3, models, scorers });
    const again = await run({ rows: 3, models, scorers: [...scorers, looseScorer], reuse: { answers: 'all' } });
    expect(again.sent).toBe(0);
    const listReplies = async (taskResultId: string) =>
      (await readLines<ScoredSample>(taskResultId, 'score')).map(({ trials }) =>
        trials.flatMap(({ scorer_key, queries }) => queries.map(({ output }) => [scorer_key, output])),
      );
    expect(await listReplies(again.record.taskResultId)).toEqual(await listReplies(first.record.taskResultId));
  });

  it('are not those of another trial, model, request or generation', async () => {
    await run({ rows: 10 });
    const reuse = { answers: 'all' } as const;
    expect((await run({ rows: 10, numTrials: 2, reuse })).sent).toBe(10);
    expect((await run({ rows: 10, generation: { temperature: 1 }, reuse })).sent).toBe(10);
    expect((await run({ rows: 10, systemPrompt: 'In one word.', reuse })).sent).toBe(10);
  });

  it('are counted once, however often the run is taken up again', async () => {
    const source = await run({ rows: 10 });
    const added = await bench.addRun({ samples: edited.slice(0, 10), reuse: { answers: 'solver' } });
    const refusing = createFakeModels(() => {
      throw new ModelError('The service answered 400.', { isRetryable: false });
    });
    await expect(added.complete(refusing)).rejects.toMatchObject({ type: 'too-many-sample-errors' });
    await bench.store.results.recordEnd(added.task.taskResultId, { status: 'failed', error: null });
    await bench.store.runs.recordRunEnd(added.runId, { failed: false });
    await bench.store.runs.reopenRun(added.runId);
    // What stood in it already was copied.
    await bench.store.runs.recordRunEnd(source.added.runId, { failed: false });
    await bench.store.housekeeping.removeResults([source.record.taskResultId], { purge: true, dryRun: false });
    const models = createFakeModels(answer);
    expect(await added.complete(models)).toMatchObject({
      status: 'completed',
      queries: { sent: 2, retried: 0, saved: 0 },
      answersStood: 9,
    });
    expect(models.sent.map(({ prompt }) => prompt)).toEqual(['Capital of Country 700?']);
    expect(refusing.sent).toHaveLength(1);
  });

  it('count the row where the model is given it, or goes by its id', async () => {
    const recording = join(bench.directory, 'recording.jsonl');
    await writeFile(recording, '{"content": "Capital 0"}\n');
    const recorded = { key: 'recorded', config: { connection_type: 'recorded', file_path: recording } };
    const specifications = [{ key: 'plain', task_key: 'capital-qa', model_key: 'recorded' }];
    const options = { models: [recorded], specifications, reuse: { answers: 'all' } } as const;
    const rows = makeRows(4);
    await run({ ...options, samples: rows });
    expect((await run({ ...options, samples: rows.slice(1) })).sent).toBe(0);
    const renamed = rows.map((row) => ({ ...row, sample_id: `other-${row.sample_id}` }));
    expect((await run({ ...options, samples: renamed })).sent).toBe(4);
    await run({ samples: rows });
    expect((await run({ samples: renamed, reuse: { answers: 'all' } })).sent).toBe(0);
  });

  it('stand from what other policies leave, and only under reuse', async () => {
    await run({ rows: 10, cachePolicy: 'update' });
    const reuse = { answers: 'all' } as const;
    expect((await run({ rows: 9, cachePolicy: 'update', reuse })).sent).toBe(9);
    expect((await run({ rows: 9, cachePolicy: 'no-cache', reuse })).sent).toBe(9);
    expect((await run({ rows: 8, reuse })).sent).toBe(0);
  });

  it('are those of the latest result, whose answers an update wanted', async () => {
    await run({ rows: 10 });
    const updated = await run({ rows: 10, cachePolicy: 'update' });
    const [first, ...others] = makeRows(10);
    const turned = await run({ samples: first === undefined ? [] : [...others, first], reuse: { answers: 'solver' } });
    expect(turned.sent).toBe(0);
    const lines = await readLines<SolvedSample>(turned.record.taskResultId, 'solve');
    const origins = lines.map(({ trials }) => trials[0]?.queries[0]?.origin?.task_result);
    expect(new Set(origins)).toEqual(new Set([updated.record.taskResultId]));
  });

  it('of a result that is removed or damaged do not stand', async () => {
    const reuse = { answers: 'all' } as const;
    const first = await run({ rows: 10 });
    await bench.store.runs.recordRunEnd(first.added.runId, { failed: false });
    await bench.store.housekeeping.removeResults([first.record.taskResultId], { purge: false, dryRun: false });
    const second = await run({ rows: 9, reuse });
    expect(second.sent).toBe(9);
    const [segment] = await bench.store.results.listSegments(second.record.taskResultId, 'solve');
    if (segment !== undefined) await bench.damageBlob(segment.blob.digest, Buffer.from('garbage'));
    expect((await run({ rows: 8, reuse })).sent).toBe(8);
  });

  it('stand by their own age, which a result that they stood in takes over', async () => {
    await run({ rows: 10 });
    const answeredAt = '2026-01-01T00:00:00.001Z';
    const now = () => Date.parse('2026-01-01T01:00:00.000Z');
    const tooOld = await run({ rows: 9, reuse: { answers: 'all', max_age: '59m' } }, now);
    expect(tooOld.sent).toBe(9);
    expect(tooOld.record.solvedAt).not.toBe(answeredAt);
    const standing = await run({ rows: 8, reuse: { answers: 'all', max_age: '1h' } }, now);
    expect(standing.sent).toBe(0);
    expect(standing.record.solvedAt).toBe(answeredAt);
    const scoredAnew = await run({ rows: 8, scorers: [looseScorer], reuse: { max_age: '4w' } });
    expect(scoredAnew.record.reuse).toBe('none');
  });
});
