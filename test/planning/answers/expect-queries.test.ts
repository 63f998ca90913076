import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ExpectedQueries, expectQueries } from '../../../planning/answers/expect-queries.ts';
import { openAnswers } from '../../../planning/answers/open-answers.ts';
import { openScratchStore } from '../../../storage/overlay/open-scratch-store.ts';
import { type ActivityBench, type BenchOptions, openActivityBench } from '../../activities/activity-bench.ts';
import { createFakeModels } from '../../activities/fake-models.ts';
import { looseScorer, makeRows } from '../../support/capital-run.ts';

let bench: ActivityBench;
beforeEach(async () => {
  bench = await openActivityBench();
});
afterEach(() => bench.dispose());

const judge = {
  type: 'model_as_a_judge_classifier',
  key: 'judge',
  model_key: 'judge',
  user_prompt: '{{ 10 // sample.divisor }}: is {{ trace.get_last_assistant_text() }} right for {{ sample.country }}?',
  correct_labels: ['yes'],
  incorrect_labels: ['no'],
} as const;

const judgeModel = {
  key: 'judge',
  config: { connection_type: 'openai_compatible', base_url: 'http://127.0.0.1:9/v1', model_key: 'judge-1' },
} as const;

/** The rows with a number each, through which a template may divide. */
const rows = makeRows(8).map((row) => ({ ...row, divisor: 1 }));
const judged = { models: [judgeModel], scorers: [judge], segmentSize: 3 } as const;

/** Runs it and gives what was sent, which was expected before; the first scorer key asks. */
async function run(
  options: BenchOptions,
  reply: (prompt: string, sent: number) => string = () => '{"prediction": "yes"}',
) {
  let replies = 0;
  const models = createFakeModels(({ model, prompt }) =>
    model === 'judge' ? reply(prompt, replies++) : `Answer to ${prompt}`,
  );
  const added = await bench.addRun({ reuse: { answers: 'all' }, maxSampleErrors: 4, ...judged, ...options });
  const expected = await expectFor(added.plan);
  await added.complete(models);
  const count = (model: string) => models.sent.filter((query) => query.model === model).length;
  expect({ solver: sum(expected, 'solver', 'sent'), judge: sum(expected, 'judge', 'sent') }).toEqual({
    solver: count('small'),
    judge: count('judge'),
  });
  return { sent: models.sent.length, stood: (await added.getRecord()).answersStood, expected };
}

type Plan = Awaited<ReturnType<ActivityBench['addRun']>>['plan'];

async function expectFor(plan: Plan): Promise<readonly ExpectedQueries[]> {
  const [task] = plan.tasks;
  if (task === undefined) throw new Error('The plan has no task.');
  await using scratch = await openScratchStore(bench.store);
  const answers = await openAnswers(scratch.store, plan, { runId: undefined, now: Date.now });
  if (answers === undefined) throw new Error('The plan lets no answer stand.');
  return await expectQueries({ store: scratch.store, plan, task, answers, outputs: { from: 'solver' } });
}

function sum(entries: readonly ExpectedQueries[], purpose: 'solver' | 'judge', what: 'sent' | 'stood'): number {
  return entries.reduce((total, entry) => total + (entry.purpose === purpose ? entry[what] : 0), 0);
}

it('counts what is sent for rows that were changed, in the request or elsewhere', async () => {
  await run({ samples: rows });
  const changed = rows.map((row, index) => (index === 2 ? { ...row, country: 'Country 20' } : row));
  expect(await run({ samples: changed })).toMatchObject({ sent: 2, stood: 14 });
  const unasked = rows.map((row, index) => (index === 2 ? { ...row, capital: 'Elsewhere' } : row));
  expect(await run({ samples: unasked })).toMatchObject({ sent: 0, stood: 16 });
});

it('counts no query for a sample whose template fails, and no judge for it', async () => {
  const systemPrompt = '{{ 10 // sample.divisor }}';
  const broken = rows.map((row, index) => ({ ...row, divisor: index === 1 ? 0 : 1 }));
  expect(await run({ samples: broken, systemPrompt })).toMatchObject({ sent: 14, stood: 0 });
});

it('counts no query for a judge whose template fails', async () => {
  await run({ samples: rows.slice(0, 4) });
  const broken = rows.slice(0, 4).map((row, index) => ({ ...row, divisor: index === 1 ? 0 : 1 }));
  expect(await run({ samples: broken })).toMatchObject({ sent: 0, stood: 7 });
});

it('counts trials one by one, those that are known and those that are not', async () => {
  await run({ samples: rows, numTrials: 2 });
  expect(await run({ samples: rows.slice(0, 7), numTrials: 3 })).toMatchObject({ sent: 14, stood: 28 });
});

it('follows a judge through the questions that it was asked again', async () => {
  const stubborn = (_: string, sent: number) => (sent % 2 === 0 ? 'I would say so.' : '{"prediction": "yes"}');
  const [first] = rows;
  if (first === undefined) throw new Error('There is no row.');
  const models = createFakeModels(({ model }) => (model === 'judge' ? stubborn('', asked++) : 'An answer'));
  let asked = 0;
  await (await bench.addRun({ samples: [first], ...judged })).complete(models);
  expect(asked).toBe(2);
  const again = await bench.addRun({
    samples: [first],
    ...judged,
    scorers: [judge, looseScorer],
    reuse: { answers: 'all' },
  });
  const expected = await expectFor(again.plan);
  expect([sum(expected, 'solver', 'stood'), sum(expected, 'judge', 'stood')]).toEqual([1, 2]);
});

it('writes nothing to the store that it counts for', async () => {
  await run({ samples: rows });
  const added = await bench.addRun({ samples: rows.slice(1), reuse: { answers: 'all' }, ...judged });
  expect(sum(await expectFor(added.plan), 'solver', 'stood')).toBe(7);
  const sources = await bench.store.answers.findSources({ exceptRunId: undefined, limit: 10 });
  expect(sources.map(({ listed }) => [...listed])).toEqual([[]]);
});
