import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import type { Models } from '../models/models.ts';
import { QueryAbandoned } from '../models/models.ts';
import type { JournalAnswer, JournalOutcome, SegmentId } from '../storage/journal.ts';
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
    const earlier = inProgress.get(name);
    const work = (async () => {
      await earlier?.catch(() => undefined);
      await runOnce(context, segment, attempt, open);
    })();
    inProgress.set(name, work); // at once, so that a third attempt queues behind this one
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
  ): Promise<JournalOutcome> {
    const given = describeOutcome(stage, outcome);
    if (given.queries.sent === 0) return given;
    const text = await store.journal.appendOutcome(segment, given);
    return text === given.text ? given : describeOutcome(stage, JSON.parse(text) as Outcome);
  }

  /**
   * Outcomes that stand, and the answers of samples that have none; errors of earlier attempts are tried again. What the
   * journal says of a sample is newer than what a reopened segment says.
   */
  async function loadStanding<Outcome extends SegmentOutcome>(
    segment: SegmentId,
    attempt: number,
    sealed: SegmentRecord | undefined,
    stage: SegmentStage<Outcome>,
  ) {
    const lines = sealed === undefined ? [] : await readSegmentLines<Outcome>(store.content, sealed.blob.digest);
    const journal = await store.journal.load(segment);
    const journalled = new Set(journal.outcomes.map(({ sampleIndex }) => sampleIndex));
    const latest = [
      ...lines.filter((outcome) => !journalled.has(outcome.sample_index)),
      ...journal.outcomes.map(({ text }) => JSON.parse(text) as Outcome),
    ];
    const isStale = (outcome: Outcome): boolean => outcome.attempt < attempt && stage.isTriedAgain(outcome);
    const stale = latest.filter(isStale);
    // Of a sample whose error is in the reopened segment, the journal holds what was answered since: that stays.
    const replaced = stale.filter((outcome) => journalled.has(outcome.sample_index));
    const replacedIndexes = new Set(replaced.map((outcome) => outcome.sample_index));
    const listStanding = (outcome: Outcome): readonly JournalAnswer[] => stage.listAnswers(outcome);
    await store.journal.removeOutcomes(segment, [...replacedIndexes], replaced.flatMap(listStanding));
    const outcomes = new Map<number, JournalOutcome>();
    for (const outcome of latest) {
      if (!isStale(outcome)) outcomes.set(outcome.sample_index, describeOutcome(stage, outcome));
    }
    const answers = new Map<number, JournalAnswer[]>();
    const answeredSince = journal.answers.filter(({ sampleIndex }) => !replacedIndexes.has(sampleIndex));
    for (const answer of [...stale.flatMap(listStanding), ...answeredSince]) {
      const known = answers.get(answer.sampleIndex);
      if (known === undefined) answers.set(answer.sampleIndex, [answer]);
      else known.push(answer);
    }
    return { outcomes, answers };
  }

  async function seal<Outcome extends SegmentOutcome>(
    segment: SegmentId,
    stage: SegmentStage<Outcome>,
    outcomes: ReadonlyMap<number, JournalOutcome>,
  ): Promise<void> {
    const lines = stage.sampleIndexes.flatMap((sampleIndex) => outcomes.get(sampleIndex) ?? []);
    await store.results.registerSegment(segment, {
      blob: await writeSegmentLines(
        store.content,
        lines.map(({ text }) => text),
      ),
      samples: lines.length,
      errors: lines.filter(({ hasError }) => hasError).length,
      queries: {
        sent: lines.reduce((sum, { queries }) => sum + queries.sent, 0),
        retried: lines.reduce((sum, { queries }) => sum + queries.retried, 0),
      },
    });
  }
}

function describeOutcome<Outcome extends SegmentOutcome>(
  stage: SegmentStage<Outcome>,
  outcome: Outcome,
): JournalOutcome {
  return {
    sampleIndex: outcome.sample_index,
    text: JSON.stringify(outcome),
    hasError: stage.hasFailed(outcome),
    queries: stage.countQueries(outcome),
  };
}
