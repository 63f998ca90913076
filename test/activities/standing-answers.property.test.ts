import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createWorkActivities } from '../../activities/create-activities.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { ModelError } from '../../evaluation/model-error.ts';
import type { SolvedSample } from '../../evaluation/trace.ts';
import { readSegmentLines } from '../../storage/segment-lines.ts';
import { makeRows } from '../support/capital-run.ts';
import {
  type ActivityBench,
  type BenchRun,
  createStoreActivitiesOf,
  openActivityBench,
  runActivity,
} from './activity-bench.ts';
import { createFakeModels } from './fake-models.ts';

// Whatever sequence of runs, removals and damage: a single answer stands exactly if a result holds it that may be used.
// Every answer is sent with a number of its own, so that each can be told from every other.

type Policy = 'reuse' | 'update' | 'no-cache';
type Step =
  | {
      readonly do: 'run';
      readonly policy: Policy;
      readonly answers: 'off' | 'solver' | 'all';
      readonly rows: readonly number[];
      /** Country that the model refuses; the task result fails. */
      readonly refuses: number | undefined;
      readonly end: 'completes' | 'is cancelled';
    }
  | {
      readonly do: 'remove' | 'damage';
      /** Counted from the latest result. */
      readonly which: number;
    };

const countries = 4;

const runStep = fc.record({
  do: fc.constant('run' as const),
  policy: fc.constantFrom<Policy>('reuse', 'reuse', 'reuse', 'update', 'no-cache'),
  answers: fc.constantFrom('all' as const, 'solver' as const, 'off' as const),
  rows: fc.subarray(
    Array.from({ length: countries }, (_, index) => index),
    { minLength: 1 },
  ),
  refuses: fc.option(fc.nat(countries - 1), { nil: undefined, freq: 4 }),
  end: fc.constantFrom('completes' as const, 'completes' as const, 'completes' as const, 'is cancelled' as const),
});
const harmStep = fc.record({ do: fc.constantFrom('remove' as const, 'damage' as const), which: fc.nat(2) });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.oneof({ weight: 2, arbitrary: runStep }, harmStep), {
  minLength: 2,
  maxLength: 9,
});

function complete(...rows: number[]): Step {
  return { do: 'run', policy: 'reuse', answers: 'all', rows, refuses: undefined, end: 'completes' };
}

/** Each way to lose a result, before and after its answers were listed. */
const losses: [readonly Step[]][] = (['remove', 'damage'] as const).flatMap((harmed): [readonly Step[]][] => [
  [[complete(0, 1, 2, 3), { do: harmed, which: 0 }, complete(2, 3)]],
  [
    [
      complete(0, 1, 2, 3),
      { ...complete(0, 1), policy: 'no-cache' } as Step,
      complete(0, 2),
      { do: harmed, which: 2 },
      complete(1, 3),
    ],
  ],
]);

/** What the model knows of a task result that computed its solver outputs. */
interface KnownResult {
  readonly run: BenchRun;
  isUsable: boolean;
  /** Answer by country. */
  readonly answers: ReadonlyMap<number, string>;
}

it('stand exactly if a completed, reusable, undamaged result that nobody removed holds them', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const bench = await openActivityBench();
      try {
        await carryOut(bench, sequence);
      } finally {
        await bench.dispose();
      }
    }),
    { numRuns: 12, examples: losses },
  );
});

async function carryOut(bench: ActivityBench, sequence: readonly Step[]): Promise<void> {
  const known: KnownResult[] = [];
  let serial = 0;
  for (const step of sequence) {
    if (step.do !== 'run') {
      const target = known.at(-1 - (step.which % Math.max(1, known.length)));
      if (target === undefined) continue;
      target.isUsable = false;
      await harm(bench, target.run, step.do);
      continue;
    }
    const usable = known.filter(({ isUsable }) => isUsable);
    const models = createFakeModels(({ prompt }) => {
      const country = readCountry(prompt);
      if (country === step.refuses) throw new ModelError('The service answered 400.', { isRetryable: false });
      return `Capital ${country}, answer ${serial++}`;
    });
    const rows = makeRows(countries);
    const run = await bench.addRun({
      samples: step.rows.map((row) => rows[row] as JsonObject),
      cachePolicy: step.policy,
      segmentSize: 2,
      reuse: { answers: step.answers },
    });
    const isWhole = await attempt(bench, run, models, step.end);
    const { reuse, status } = await run.getRecord();
    if (reuse !== 'none') {
      expect(models.sent).toEqual([]);
      continue;
    }
    const asked = new Set(models.sent.map(({ prompt }) => readCountry(prompt)));
    const lines = await readSolved(bench, run);
    const isOn = step.policy === 'reuse' && step.answers !== 'off';
    for (const { country, text, origin } of lines) {
      const standing = usable.flatMap(({ answers }) => answers.get(country) ?? []);
      const mayStand = isOn && standing.length > 0;
      expect(origin !== undefined, `country ${country} stands`).toBe(mayStand);
      expect(asked.has(country), `country ${country} is asked for`).toBe(!mayStand);
      if (mayStand) expect(standing).toContain(text);
    }
    known.push({
      run,
      isUsable: isWhole && status === 'completed' && step.policy !== 'no-cache',
      answers: new Map(lines.flatMap(({ country, text }) => (text === undefined ? [] : [[country, text] as const]))),
    });
  }
}

/** True where it came to its end and is published. */
async function attempt(
  bench: ActivityBench,
  run: BenchRun,
  models: ReturnType<typeof createFakeModels>,
  end: 'completes' | 'is cancelled',
): Promise<boolean> {
  const { store } = bench;
  const finish = async (status: 'failed' | 'cancelled' | undefined): Promise<boolean> => {
    if (status !== undefined) await store.results.recordEnd(run.task.taskResultId, { status, error: null });
    await store.runs.recordRunEnd(run.runId, { failed: false });
    return status === undefined;
  };
  if (end === 'is cancelled') {
    const activities = createStoreActivitiesOf(store);
    const { runId, planRef, policy, task } = run;
    const [verdict] = await activities.checkReuse({ runId, planRef, policy, tasks: [task] });
    if (verdict === 'none') {
      await activities.decideReuse({ runId, planRef, policy, task, expected: 'none' });
      await runActivity(createWorkActivities({ store, models }).solveSegment, run.segment(0));
    }
    return finish('cancelled');
  }
  const isPublished = await run.complete(models).then(
    () => true,
    () => false,
  );
  return finish(isPublished ? undefined : 'failed');
}

async function harm(bench: ActivityBench, run: BenchRun, how: 'remove' | 'damage'): Promise<void> {
  const { store } = bench;
  const { taskResultId } = run.task;
  if (how === 'remove') {
    await store.housekeeping.removeResults([taskResultId], { purge: false, dryRun: false });
    return;
  }
  const [segment] = await store.results.listSegments(taskResultId, 'solve');
  if (segment !== undefined) await bench.damageBlob(segment.blob.digest, Buffer.from('no blob of this store'));
}

async function readSolved({ store }: ActivityBench, run: BenchRun) {
  const found: { country: number; text: string | undefined; origin: unknown }[] = [];
  for (const { blob } of await store.results.listSegments(run.task.taskResultId, 'solve')) {
    for (const { sample_id: id, trials } of await readSegmentLines<SolvedSample>(store.content, blob.digest)) {
      const [query] = trials[0]?.queries ?? [];
      const output = query?.output as { readonly choices: readonly { message: { content: string } }[] } | undefined;
      found.push({ country: Number(id.slice(1)), text: output?.choices[0]?.message.content, origin: query?.origin });
    }
  }
  return found;
}

function readCountry(prompt: string): number {
  return Number(/Country (\d+)/.exec(prompt)?.[1]);
}
