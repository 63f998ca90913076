import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { Plan, PlannedModel } from '../evaluation/plan.ts';
import type { Sample } from '../evaluation/sample.ts';
import type { SolvedTrial } from '../evaluation/trace.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { Store } from '../storage/store.ts';
import { toJournalAnswers } from './journalled-queries.ts';
import type { PreparedTask } from './prepared-tasks.ts';

// What solve and score have in common: rows in, queries counted, answers that stand.

export async function getTaskResult(store: Store, taskResultId: string): Promise<TaskResultRecord> {
  const [record] = await store.results.findTaskResults([taskResultId]);
  if (record === undefined) throw new EvaluationError('internal', `There is no task result ${taskResultId}.`);
  return record;
}

/** Samples of one segment by their position in the selection. */
export async function readSamples({ rows }: PreparedTask, segmentIndex: number): Promise<ReadonlyMap<number, Sample>> {
  return new Map((await rows.readSegment(segmentIndex)).map((sample) => [sample.index, sample]));
}

export function getAt<T>(bySampleIndex: ReadonlyMap<number, T>, sampleIndex: number): T {
  const value = bySampleIndex.get(sampleIndex);
  if (value === undefined) throw new EvaluationError('store-damaged', `A stored segment has no sample ${sampleIndex}.`);
  return value;
}

export function getModel(plan: Plan, key: string): PlannedModel {
  const model = plan.models[key];
  if (model === undefined) throw new EvaluationError('internal', `The plan has no model "${key}".`);
  return model;
}

/** A trial in either stage, as far as its queries go. */
interface QueriedTrial extends Pick<SolvedTrial, 'trial' | 'queries' | 'failed_queries' | 'error'> {
  readonly scorer_key?: string;
}

export function countQueries(trials: readonly QueriedTrial[]): { sent: number; retried: number } {
  const count = { sent: 0, retried: 0 };
  for (const { queries, failed_queries: failed } of trials) {
    count.sent += queries.length + failed.sent;
    count.retried += failed.retried;
    for (const { evidence } of queries) count.retried += evidence.retries.length;
  }
  return count;
}

/** Errors of an answer itself: to ask again is the only way to another one. */
const brokenAnswers: ReadonlySet<string> = new Set(['model-output-invalid', 'judge-reply-invalid']);

/** The answers of a failed sample that its next attempt need not ask for again. */
export function listStandingAnswers(sampleIndex: number, trials: readonly QueriedTrial[]) {
  return trials
    .filter(({ error }) => error === undefined || !brokenAnswers.has(error.error_type))
    .flatMap(({ trial, scorer_key: scorerKey = '', queries }) =>
      toJournalAnswers(sampleIndex, { trial, scorerKey }, queries),
    );
}
