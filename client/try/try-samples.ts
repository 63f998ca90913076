import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Sample } from '../../evaluation/sample.ts';
import type { ScoredSample } from '../../evaluation/score.ts';
import { createSampleScorer, type ScoreSample } from '../../evaluation/score-sample.ts';
import { createSampleSolver } from '../../evaluation/solve-sample.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import type { SolvedSample } from '../../evaluation/trace.ts';
import type { RunContext } from '../run-context.ts';
import type { TryOptions } from '../stet.ts';
import { askDirectly, type DirectQueries, describeError } from './ask-directly.ts';
import { measureTry } from './measure-try.ts';
import { getKey, type PreparedTry, prepareTry } from './prepare-try.ts';
import { selectSamples } from './select-samples.ts';
import type { TriedSampleDocument, TryDocument, TryError } from './try-documents.ts';

const firstAttempt = 1;

/** Runs single samples of one task specification for real and keeps nothing of it. */
export async function trySamples(
  context: RunContext,
  source: string | RunFileInput,
  options: TryOptions,
): Promise<TryDocument> {
  const { task: wanted, samples: names = [], signal = new AbortController().signal } = options;
  await using prepared = await prepareTry(context, source, { ...options, part: 'all' }, (keys) =>
    wanted === undefined ? (keys[0] ?? '') : getKey(wanted, keys),
  );
  const { plan, task, content, models, warnings } = prepared;
  const samples = await selectSamples(content, task, names);
  const solveSample = createSampleSolver(task.definition, { numTrials: task.run_config.num_trials });
  const work = createTryWork(prepared, createSampleScorer(task.definition), signal);
  const tried = await Promise.all(
    samples.map(async (sample): Promise<TriedSampleDocument> => {
      const queries = work.askFor(sample);
      const solved = await work.attempt(() =>
        solveSample({
          sample,
          attempt: firstAttempt,
          generateFor: (trial, recorder) =>
            task.model_key === undefined
              ? () => Promise.reject(new Error('This solver asks no model.'))
              : queries.makeGenerate({ trial, modelKey: task.model_key, recorder }),
        }),
      );
      const scored = solved === null ? null : await work.score(sample, solved, queries);
      const { id: sample_id, index: sample_index, row } = sample;
      return { task: task.key, sample_id, sample_index, sample: row, solved, scored, unanswered: queries.unanswered };
    }),
  );
  return {
    evaluation: plan.evaluation.key,
    task: task.key,
    task_key: task.task_key,
    model: task.model_key ?? null,
    samples: tried,
    errors: tried.filter(({ scored }) => scored === null || scored.errors.length > 0).length,
    error: work.error,
    model_queries: { ...models.counts },
    ...measureTry(plan, task, {
      solved: tried.flatMap(({ solved }) => solved?.trials ?? []),
      scored: tried.flatMap(({ scored }) => scored?.trials ?? []),
    }),
    warnings: [...warnings, ...work.warnings],
  };
}

/** What trying and scoring anew have in common. */
export interface TryWork {
  askFor(sample: Sample): DirectQueries;
  /** Null where it met what concerns more than this sample, which then is in `error`. */
  attempt<Result>(work: () => Promise<Result>): Promise<Result | null>;
  score(sample: Sample, solved: SolvedSample, queries: DirectQueries): Promise<ScoredSample | null>;
  readonly error: TryError | null;
  readonly warnings: readonly string[];
}

export function createTryWork({ plan, models }: PreparedTry, scoreSample: ScoreSample, signal: AbortSignal): TryWork {
  const warnings = new Set<string>();
  let firstError: TryError | null = null;
  const attempt: TryWork['attempt'] = async (work) => {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !(error instanceof EvaluationError) || error.code === 'internal') throw error;
      firstError ??= describeError(error);
      return null;
    }
  };
  return {
    attempt,
    askFor: (sample) => askDirectly({ models, planned: plan.models, sample, signal }),
    score: (sample, solved, queries) =>
      attempt(() =>
        scoreSample({
          sample,
          solved,
          attempt: firstAttempt,
          generateFor: (use) => queries.makeGenerate(use),
          warnOnce: (message) => warnings.add(message),
        }),
      ),
    get error() {
      return firstError;
    },
    get warnings() {
      return [...warnings];
    },
  };
}
