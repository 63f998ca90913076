import type { SegmentInput } from '../contracts/activities.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import type { Plan, PlannedModel } from '../evaluation/plan.ts';
import type { Sample } from '../evaluation/sample.ts';
import type { SolvedTrial } from '../evaluation/trace.ts';
import { isBlobLost } from '../storage/is-blob-lost.ts';
import { AttemptSuperseded, type SegmentWork } from '../storage/journal.ts';
import type { SegmentRecord, TaskResultRecord } from '../storage/result-index.ts';
import { readSegmentLines } from '../storage/segment-lines.ts';
import type { Store } from '../storage/store.ts';
import { toJournalAnswers } from './journalled-queries.ts';
import type { PreparedTask } from './prepared-tasks.ts';
import { readPlanned } from './read-planned.ts';

// What solve and score have in common: rows in, queries counted, answers that stand.

export async function getTaskResult(store: Store, taskResultId: string): Promise<TaskResultRecord> {
  const [record] = await store.results.findTaskResults([taskResultId]);
  if (record === undefined) throw new EvaluationError('internal', `There is no task result ${taskResultId}.`);
  return record;
}

/**
 * The attempt that an activity works for: the one that its workflow says, else the present one.
 *
 * @throws {AttemptSuperseded} where the task result has ended, or another attempt of it is at work.
 */
export async function getAttempt(
  store: Store,
  { taskResultId, attempt }: Pick<SegmentInput, 'taskResultId' | 'attempt'>,
): Promise<number> {
  const record = await getTaskResult(store, taskResultId);
  if (isFinal(record.status) || (attempt !== undefined && attempt !== record.attempt)) throw new AttemptSuperseded();
  return record.attempt;
}

/**
 * The outcomes in a sealed segment; undefined where its blob is lost, which the store knows from then on: the segment is
 * missing, to be made again.
 */
export async function readSealed<Outcome>(
  store: Store,
  segment: SegmentWork,
  { blob }: SegmentRecord,
): Promise<Outcome[] | undefined> {
  try {
    return await readSegmentLines<Outcome>(store.content, blob.digest);
  } catch (error) {
    if (!isBlobLost(error)) throw error;
    await store.results.recordLostSegment(segment, blob.digest);
    return undefined;
  }
}

/** Samples of one segment by their position in the selection. */
export async function readSamples({ rows }: PreparedTask, segmentIndex: number): Promise<ReadonlyMap<number, Sample>> {
  const samples = await readPlanned('Rows of the dataset', () => rows.readSegment(segmentIndex));
  return new Map(samples.map((sample) => [sample.index, sample]));
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

/** Of those models of a plan that have a key here. */
export function listModelVersions(plan: Plan, keys: readonly (string | undefined)[]): ReadonlySet<string> {
  return new Set(keys.flatMap((key) => (key === undefined ? [] : [getModel(plan, key).version])));
}

/** A trial in either stage, as far as its queries go. */
interface QueriedTrial extends Pick<SolvedTrial, 'trial' | 'queries' | 'failed_queries' | 'error'> {
  readonly scorer_key?: string;
}

interface CountedTrial extends Pick<QueriedTrial, 'failed_queries'> {
  readonly queries: readonly Pick<QueriedTrial['queries'][number], 'evidence' | 'origin'>[];
}

/** `stood`: answers of other results that stood singly, which are not among those sent. */
export function countQueries(trials: readonly CountedTrial[]): { sent: number; retried: number; stood: number } {
  const count = { sent: 0, retried: 0, stood: 0 };
  for (const { queries, failed_queries: failed } of trials) {
    count.sent += failed.sent;
    count.retried += failed.retried;
    for (const { evidence, origin } of queries) {
      // Nothing left for what stood; its retries were those of the task result that asked.
      if (origin !== undefined) count.stood++;
      else {
        count.sent++;
        count.retried += evidence.retries.length;
      }
    }
  }
  return count;
}

/** When the oldest of the answers that stood had arrived; ISO 8601, null where none stood. */
export function findOldestStanding(trials: readonly QueriedTrial[]): string | null {
  return trials
    .flatMap(({ queries }) => queries.flatMap(({ origin }) => origin?.answered_at ?? []))
    .reduce<string | null>((oldest, at) => (oldest === null || at < oldest ? at : oldest), null);
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
