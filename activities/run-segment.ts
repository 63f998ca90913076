import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import type { JsonValue } from '../contracts/json.ts';
import type { Models } from '../models/models.ts';
import { QueryAbandoned } from '../models/models.ts';
import type { JournalAnswer, SegmentId } from '../storage/journal.ts';
import type { SegmentRecord } from '../storage/result-index.ts';
import { readSegmentLines, writeSegmentLines } from '../storage/segment-lines.ts';
import type { Store } from '../storage/store.ts';
import { makeInterruption } from './interruption.ts';
import type { GetPreparedTask } from './prepared-tasks.ts';

export interface SegmentDependencies {
  readonly store: Store;
  readonly models: Models;
  readonly getPrepared: GetPreparedTask;
}

/** What a sample came to in a stage. */
export interface SegmentOutcome {
  readonly sample_index: number;
  /** Attempt of the run in which it came about. */
  readonly attempt: number;
}

/** One stage of one segment, as `solve` and `score` fill it in. */
export interface SegmentStage<Outcome extends SegmentOutcome> {
  /** Positions of the segment's samples in the selection, in order. */
  readonly sampleIndexes: readonly number[];
  /** Carries out one sample; throws `QueryAbandoned` when it is left unfinished. */
  run(sampleIndex: number, answers: readonly JournalAnswer[], signal: AbortSignal): Promise<Outcome>;
  /** Whether a new attempt of the run tries it again. */
  isTriedAgain(outcome: Outcome): boolean;
  /** Whether it has an error of this stage. */
  hasFailed(outcome: Outcome): boolean;
  /** The answers within an outcome that is tried again, as far as they stand. */
  listAnswers(outcome: Outcome): readonly JournalAnswer[];
  /** Queries that the outcome cost; one that cost none is computed again rather than journalled. */
  countQueries(outcome: Outcome): { readonly sent: number; readonly retried: number };
}

export type RunSegment = <Outcome extends SegmentOutcome>(
  segment: SegmentId,
  attempt: number,
  open: () => Promise<SegmentStage<Outcome>>,
) => Promise<void>;

/**
 * Runs what is missing of a segment and seals it (design 4.2).
 *
 * Told to stop, it takes no new sample, lets the queries in flight finish and throws; the next attempt goes on from the
 * journal. A second attempt in this process waits for the first, so that nothing is sent twice.
 */
export function createSegmentRunner(store: Store): RunSegment {
  const inProgress = new Map<string, Promise<unknown>>();

  return async function runSegment<Outcome extends SegmentOutcome>(
    segment: SegmentId,
    attempt: number,
    open: () => Promise<SegmentStage<Outcome>>,
  ): Promise<void> {
    const context = Context.current();
    const name = `${segment.taskResultId}/${segment.stage}/${segment.segmentIndex}`;
    await inProgress.get(name)?.catch(() => undefined);
    const work = runOnce(context, segment, attempt, open);
    inProgress.set(name, work);
    try {
      await work;
    } finally {
      if (inProgress.get(name) === work) inProgress.delete(name);
    }
  };

  async function runOnce<Outcome extends SegmentOutcome>(
    context: Context,
    segment: SegmentId,
    attempt: number,
    open: () => Promise<SegmentStage<Outcome>>,
  ): Promise<void> {
    const signal = context.cancellationSignal;
    setMaxListeners(0, signal); // every query in progress listens
    const sealed = await store.results.findSegment(segment);
    if (sealed !== undefined && !sealed.isReopened) return;
    const stage = await open();
    const { outcomes, answers } = await loadStanding(segment, attempt, sealed, stage);
    const missing = stage.sampleIndexes.filter((sampleIndex) => !outcomes.has(sampleIndex));
    const settled = await Promise.allSettled(
      missing.map(async (sampleIndex) => {
        if (signal.aborted) throw new QueryAbandoned();
        const outcome = await stage.run(sampleIndex, answers.get(sampleIndex) ?? [], signal);
        outcomes.set(sampleIndex, await keep(segment, stage, outcome));
      }),
    );
    const failures = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    const failure = failures.find((reason) => !(reason instanceof QueryAbandoned));
    if (failure !== undefined) throw failure;
    if (failures.length > 0) throw makeInterruption(context);
    await seal(segment, stage, outcomes);
  }

  /** First write wins: what the journal holds is what counts, also against this attempt. */
  async function keep<Outcome extends SegmentOutcome>(
    segment: SegmentId,
    stage: SegmentStage<Outcome>,
    outcome: Outcome,
  ): Promise<Outcome> {
    if (stage.countQueries(outcome).sent === 0) return outcome;
    const { sample_index: sampleIndex } = outcome;
    const recorded = await store.journal.appendOutcome(segment, {
      sampleIndex,
      outcome: outcome as unknown as JsonValue,
    });
    return recorded as unknown as Outcome;
  }

  /** Outcomes that stand, and the answers of samples that have none; errors of earlier attempts are tried again. */
  async function loadStanding<Outcome extends SegmentOutcome>(
    segment: SegmentId,
    attempt: number,
    sealed: SegmentRecord | undefined,
    stage: SegmentStage<Outcome>,
  ) {
    const lines = sealed === undefined ? [] : await readSegmentLines<Outcome>(store.content, sealed.blob.digest);
    const journal = await store.journal.load(segment);
    const journalled = journal.outcomes.map(({ outcome }) => outcome as unknown as Outcome);
    const isStale = (outcome: Outcome): boolean => outcome.attempt < attempt && stage.isTriedAgain(outcome);
    const stale = [...lines, ...journalled].filter(isStale);
    const standingAnswers = stale.flatMap((outcome) => stage.listAnswers(outcome));
    const staleIndexes = stale.map((outcome) => outcome.sample_index);
    await store.journal.removeOutcomes(segment, staleIndexes, standingAnswers);
    const outcomes = new Map<number, Outcome>();
    for (const outcome of [...lines, ...journalled]) if (!isStale(outcome)) outcomes.set(outcome.sample_index, outcome);
    const answers = new Map<number, JournalAnswer[]>();
    const others = journal.answers.filter(({ sampleIndex }) => !staleIndexes.includes(sampleIndex));
    for (const answer of [...standingAnswers, ...others]) {
      const known = answers.get(answer.sampleIndex);
      if (known === undefined) answers.set(answer.sampleIndex, [answer]);
      else known.push(answer);
    }
    return { outcomes, answers };
  }

  async function seal<Outcome extends SegmentOutcome>(
    segment: SegmentId,
    stage: SegmentStage<Outcome>,
    outcomes: ReadonlyMap<number, Outcome>,
  ): Promise<void> {
    const lines = stage.sampleIndexes.flatMap((sampleIndex) => outcomes.get(sampleIndex) ?? []);
    const counts = lines.map((outcome) => stage.countQueries(outcome));
    await store.results.registerSegment(segment, {
      blob: await writeSegmentLines(store.content, lines),
      samples: lines.length,
      errors: lines.filter((outcome) => stage.hasFailed(outcome)).length,
      queries: {
        sent: counts.reduce((sum, count) => sum + count.sent, 0),
        retried: counts.reduce((sum, count) => sum + count.retried, 0),
      },
    });
  }
}
