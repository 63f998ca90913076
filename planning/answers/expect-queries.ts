import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { digestRequest } from '../../evaluation/digest-request.ts';
import type { Generate } from '../../evaluation/model-io.ts';
import type { CompleteDefinition, Plan, PlannedTaskSpecification } from '../../evaluation/plan.ts';
import type { Sample } from '../../evaluation/sample.ts';
import { createSampleScorer } from '../../evaluation/score-sample.ts';
import { createSampleSolver } from '../../evaluation/solve-sample.ts';
import type { SolvedSample } from '../../evaluation/trace.ts';
import type { Purpose } from '../../evaluation/usage/usage.ts';
import type { Stage } from '../../storage/journal.ts';
import { readSegmentLines } from '../../storage/segment-lines.ts';
import type { Store } from '../../storage/store.ts';
import { createRowReader } from '../datasets/read-rows.ts';
import type { AnswerLookUp } from './answer-look-up.ts';

/** Queries to one model for one purpose: those that would be sent, and single answers that would stand instead. */
export interface ExpectedQueries {
  readonly model: string;
  readonly purpose: Purpose;
  readonly sent: number;
  readonly stood: number;
}

/** Where the solver outputs of a task come from. */
export type ExpectedOutputs =
  /** They are to be solved. */
  | { readonly from: 'solver' }
  /** Another task, or another run, is about to solve them: what it will be answered is known as far as it is stored. */
  | { readonly from: 'others' }
  /** They stand: those of this task result. */
  | { readonly from: 'result'; readonly taskResultId: string };

export interface ExpectOptions {
  readonly store: Pick<Store, 'content' | 'results'>;
  readonly plan: Plan;
  readonly task: PlannedTaskSpecification;
  readonly outputs: ExpectedOutputs;
  /** What `openAnswers` gives for the plan. */
  readonly answers: AnswerLookUp;
}

/**
 * What a run would ask for a task whose single answers may stand: its samples are solved and scored as a run does it, by
 * models that only look answers up. Memory holds one segment; nothing is written and nothing is sent.
 *
 * A query that is not found counts as sent, and what follows from its answer is not known. Where that is the solver's, each
 * judge of the trial counts one query; where it is a judge's, its further questions are not counted.
 *
 * @throws {EvaluationError} `blob-missing`, `blob-damaged` where rows or solver outputs cannot be read.
 */
export async function expectQueries(options: ExpectOptions): Promise<readonly ExpectedQueries[]> {
  const { store, plan, task, outputs } = options;
  const counts = new Map<string, ExpectedQueries>();
  const simulation = createSimulation(options, (model, purpose, what) => {
    const name = JSON.stringify([model, purpose]);
    const known = counts.get(name) ?? { model, purpose, sent: 0, stood: 0 };
    counts.set(name, { ...known, [what]: known[what] + 1 });
  });
  const rows = createRowReader(store.content, task.dataset.manifest);
  const solved =
    outputs.from === 'result' ? await store.results.listSegments(outputs.taskResultId, 'solve') : undefined;
  const asksJudges = listJudges(task.definition).length > 0;
  if (outputs.from !== 'solver' && !asksJudges) return [];
  for (let segmentIndex = 0; segmentIndex < task.dataset.segment_count; segmentIndex++) {
    const samples = await rows.readSegment(segmentIndex);
    const blob = solved?.[segmentIndex]?.blob.digest;
    const lines = blob === undefined ? [] : await readSegmentLines<SolvedSample>(store.content, blob);
    const standing = new Map(lines.map((line) => [line.sample_index, line]));
    // All at once, as a run does it: what they ask is looked up by one query.
    await Promise.all(samples.map((sample) => simulation.run(sample, standing.get(sample.index))));
  }
  return sortAsIn(plan, [...counts.values()]);
}

/** What a query comes to whose answer nobody has: its trial ends there, as with an error of the model. */
class AnswerUnknown extends EvaluationError {
  constructor() {
    super('model-error', 'What the model would answer is not known.');
  }
}

type Count = (model: string, purpose: Purpose, what: 'sent' | 'stood') => void;

function createSimulation({ plan, task, outputs, answers }: ExpectOptions, count: Count) {
  const { definition, run_config: runConfig } = task;
  const judges = listJudges(definition);
  const solveSample = createSampleSolver(definition, { numTrials: runConfig.num_trials });
  // Scorers that ask nobody need not run.
  const scoreSample = createSampleScorer({ ...definition, scorers: judges, actions: [] });

  return {
    async run(sample: Sample, standing: SolvedSample | undefined): Promise<void> {
      const { solved, unknown } = standing === undefined ? await solve(sample) : { solved: standing, unknown: 0 };
      if (solved === undefined) return;
      // The trials that are known are judged as a run does it; those that are not, by one query each.
      await score(sample, solved);
      for (const scorer of judges) {
        for (let trial = 0; trial < unknown; trial++) {
          if ('model_key' in scorer) count(scorer.model_key, 'judge', 'sent');
        }
      }
    },
  };

  /** The trials that are known, and how many are not; no sample where it is known to fail, for then nobody judges it. */
  async function solve(
    sample: Sample,
  ): Promise<{ readonly solved: SolvedSample | undefined; readonly unknown: number }> {
    const unknown = new Set<number>();
    const solved = await solveSample({
      sample,
      attempt: 1,
      generateFor: (trial) =>
        makeGenerate({ stage: 'solve', modelKey: task.model_key, trial, sample }, (what) => {
          if (what === 'sent') unknown.add(trial);
          if (outputs.from === 'solver' && task.model_key !== undefined) count(task.model_key, 'solver', what);
        }),
    });
    const known = solved.trials.filter(({ trial }) => !unknown.has(trial));
    const hasFailed = known.some(({ error }) => error !== undefined);
    return { solved: hasFailed ? undefined : { ...solved, trials: known }, unknown: unknown.size };
  }

  async function score(sample: Sample, solved: SolvedSample): Promise<void> {
    if (judges.length === 0) return;
    await scoreSample({
      sample,
      solved,
      attempt: 1,
      generateFor: ({ modelKey, trial }) =>
        makeGenerate({ stage: 'score', modelKey, trial, sample }, (what) => count(modelKey, 'judge', what)),
      warnOnce: () => undefined,
    });
  }

  function makeGenerate(
    {
      stage,
      modelKey,
      trial,
      sample,
    }: {
      readonly stage: Stage;
      readonly modelKey: string | undefined;
      readonly trial: number;
      readonly sample: Sample;
    },
    onQuery: (what: 'sent' | 'stood') => void,
  ): Generate {
    const model = modelKey === undefined ? undefined : plan.models[modelKey];
    const isLookedUp = stage === 'solve' || plan.reuse.answers === 'all';
    let calls = 0;
    return async (input) => {
      const call = calls++;
      const requestDigest = digestRequest(input);
      const answer =
        model !== undefined && isLookedUp
          ? await answers.find(stage, { model, requestDigest, trial, call, sample })
          : undefined;
      onQuery(answer === undefined ? 'sent' : 'stood');
      if (answer === undefined) throw new AnswerUnknown();
      return answer;
    };
  }
}

function listJudges({ scorers }: CompleteDefinition): CompleteDefinition['scorers'] {
  return scorers.filter((scorer) => 'model_key' in scorer);
}

/** In the order of the plan's models, whatever was asked first. */
function sortAsIn({ models }: Plan, entries: readonly ExpectedQueries[]): readonly ExpectedQueries[] {
  const order = Object.keys(models);
  return entries.toSorted(
    (left, right) =>
      right.purpose.localeCompare(left.purpose) || order.indexOf(left.model) - order.indexOf(right.model),
  );
}
