import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import type { SegmentReport } from '../contracts/activities.ts';
import { noTelemetry, type Telemetry } from '../contracts/telemetry.ts';
import { decodeUsage, encodeUsage } from '../evaluation/usage/stored-usage.ts';
import { addUsage, onlySent, subtractUsage, type Usage } from '../evaluation/usage/usage.ts';
import type { Models } from '../models/models.ts';
import { QueryAbandoned } from '../models/models.ts';
import type { JournalAnswer, JournalOutcome, SegmentWork } from '../storage/journal.ts';
import type { SegmentRecord } from '../storage/result-index.ts';
import { writeSegmentLines } from '../storage/segment-lines.ts';
import type { Store } from '../storage/store.ts';
import { describeHeartbeats } from './heartbeat-details.ts';
import { makeInterruption } from './interruption.ts';
import { createPatientJournal, type PatientJournal } from './patient-journal.ts';
import { createPauseWatch } from './pause-watch.ts';
import type { GetPreparedTask } from './prepared-tasks.ts';
import { createRunBudgets, type OpenBudget } from './run-budgets.ts';
import { countQueries, getTaskResult, readSealed } from './segment-access.ts';
import type { SegmentMeter } from './segment-meter.ts';
import type { GetStanding } from './standing-answers.ts';

export interface SegmentDependencies {
  readonly store: Store;
  readonly models: Models;
  readonly getPrepared: GetPreparedTask;
  readonly getStanding: GetStanding;
}

/** What a sample came to in a stage. */
export interface SegmentOutcome {
  readonly sample_index: number;
  /** Attempt of the run in which it came about. */
  readonly attempt: number;
}

/** One stage of one segment, as `solve` and `score` fill it in. */
export interface SegmentStage<Outcome extends SegmentOutcome> {
  /** Versions of the models that it may ask. */
  readonly modelVersions: ReadonlySet<string>;
  /** Positions of the segment's samples in the selection, in order. */
  readonly sampleIndexes: readonly number[];
  /** Carries out one sample; throws `QueryAbandoned` when it is left unfinished. */
  run(sampleIndex: number, answers: readonly JournalAnswer[], journal: PatientJournal): Promise<Outcome>;
  /** Whether a new attempt of the run tries it again. */
  isTriedAgain(outcome: Outcome): boolean;
  /** Whether it has an error of this stage. */
  hasFailed(outcome: Outcome): boolean;
  /** The answers within an outcome that is tried again, as far as they stand. */
  listAnswers(outcome: Outcome): readonly JournalAnswer[];
  /**
   * Queries that the outcome cost, and answers of other results that stood in it; a good outcome that cost none is computed
   * again rather than journalled.
   */
  countQueries(outcome: Outcome): Queries;
  /** When the oldest of the answers that stood had arrived; null where none stood. */
  findOldestStanding(outcome: Outcome): string | null;
  /** The trials of an outcome, for the accounts. */
  listTrials(outcome: Outcome): Parameters<SegmentMeter['measure']>[0];
  readonly meter: SegmentMeter;
}

export type RunSegment = <Outcome extends SegmentOutcome>(
  segment: SegmentWork,
  open: () => Promise<SegmentStage<Outcome>>,
) => Promise<SegmentReport>;

/** Hears what a person may want to know while a segment is worked on: that the store refuses what it is given. */
export type OnNotice = (message: string) => void;

export interface SegmentRunnerOptions {
  readonly store: Store;
  /** Says which models are held. */
  readonly models: Pick<Models, 'listOutages'>;
  readonly onNotice?: OnNotice | undefined;
  readonly telemetry?: Telemetry | undefined;
}

/**
 * Runs what is missing of a segment and seals it (design 4.2).
 *
 * Told to stop, or once something fails that is not about one sample, it takes no new sample, lets the queries in flight
 * finish and throws; the next attempt goes on from the journal. A second attempt in this process waits for the first, so
 * that nothing is sent twice.
 */
export function createSegmentRunner({
  store,
  models,
  onNotice = () => {},
  telemetry = noTelemetry,
}: SegmentRunnerOptions): RunSegment {
  const pauses = createPauseWatch(store.runs);
  const budgets = createRunBudgets(store.spending);
  const inProgress = new Map<string, Promise<unknown>>();

  return async function runSegment<Outcome extends SegmentOutcome>(
    segment: SegmentWork,
    open: () => Promise<SegmentStage<Outcome>>,
  ): Promise<SegmentReport> {
    const context = Context.current();
    const name = `${segment.taskResultId}/${segment.stage}/${segment.segmentIndex}`;
    const earlier = inProgress.get(name);
    const work = (async () => {
      await earlier?.catch(() => undefined);
      const { runId, key: task } = await getTaskResult(store, segment.taskResultId);
      const { stage, segmentIndex } = segment;
      return telemetry.inSegment({ runId, task, stage, segmentIndex }, () =>
        withBudget(runId, segment, (budget) => runOnce(context, { runId, segment, budget }, open)),
      );
    })();
    inProgress.set(name, work); // at once, so that a third attempt queues behind this one
    try {
      return await work;
    } finally {
      if (inProgress.get(name) === work) inProgress.delete(name);
    }
  };

  /** Works within what the run may spend, and says of what it cannot know whether that is kept. */
  async function withBudget<Result>(
    runId: string,
    { taskResultId, attempt }: SegmentWork,
    work: (budget: OpenBudget | undefined) => Promise<Result>,
  ): Promise<Result> {
    const budget = await budgets.open(runId);
    if (budget === undefined) return work(undefined);
    try {
      return await work(budget);
    } finally {
      const warnings = budget.takeWarnings();
      budget.close();
      if (warnings.length > 0) await store.results.addWarnings(taskResultId, warnings, attempt);
    }
  }

  async function runOnce<Outcome extends SegmentOutcome>(
    context: Context,
    {
      runId,
      segment,
      budget,
    }: { readonly runId: string; readonly segment: SegmentWork; readonly budget: OpenBudget | undefined },
    open: () => Promise<SegmentStage<Outcome>>,
  ): Promise<SegmentReport> {
    const failing = new AbortController();
    setMaxListeners(0, context.cancellationSignal);
    const signal = AbortSignal.any([context.cancellationSignal, failing.signal]);
    setMaxListeners(0, signal); // every query in progress listens
    const onRefusal = (reason: string) => onNotice(`Nothing is sent until the store can be written. ${reason}`);
    const journal = createPatientJournal(store.journal, segment, { signal, onRefusal, telemetry, budget });
    const sealed = await store.results.findSegment(segment);
    if (sealed !== undefined && !sealed.isReopened) return toReport(sealed);
    const stage = await open();
    const { outcomes, answers, before } = await loadStanding(segment, sealed, stage);
    let isPaused = false;
    describeHeartbeats(context, () => ({
      stage: segment.stage,
      done: outcomes.size,
      of: stage.sampleIndexes.length,
      errors: [...outcomes.values()].filter(({ hasError }) => hasError).length,
      ...describeWait(isPaused, stage, models),
    }));
    const pause = await pauses.follow(runId, (isPausedNow) => {
      isPaused = isPausedNow;
      budget?.setPaused(isPaused);
      if (isPaused) journal.pause();
      else journal.unpause();
    });
    const missing = stage.sampleIndexes.filter((sampleIndex) => !outcomes.has(sampleIndex));
    const settled = await Promise.allSettled(
      missing.map(async (sampleIndex) => {
        if (signal.aborted) throw new QueryAbandoned();
        try {
          const outcome = await stage.run(sampleIndex, answers.get(sampleIndex) ?? [], journal);
          const kept = await keep(journal, stage, outcome, before.counted);
          outcomes.set(sampleIndex, kept);
          telemetry.sampleEnded(segment.stage, kept.hasError);
        } catch (error) {
          // Nobody would score or publish what the others come to.
          if (!(error instanceof QueryAbandoned)) failing.abort();
          throw error;
        }
      }),
    ).finally(() => pause.stop());
    await countLost(segment, stage.meter);
    const failures = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    const failure = failures.find((reason) => !(reason instanceof QueryAbandoned));
    if (failure !== undefined) throw failure;
    if (failures.length > 0) throw makeInterruption(context);
    return seal(segment, stage, outcomes, before);
  }

  /** What came to nothing was sent all the same. A store that is away has more to lose than a count. */
  async function countLost(segment: SegmentWork, meter: SegmentMeter): Promise<void> {
    const lost = meter.takeLost();
    if (lost.length > 0) await store.results.addLostUsage(segment, lost).catch(() => undefined);
  }

  /**
   * First write wins: what the journal holds is what counts, also against this attempt. An error is written even when it
   * cost nothing: another process may have an answer for the same sample, and both must seal the same.
   */
  async function keep<Outcome extends SegmentOutcome>(
    journal: PatientJournal,
    stage: SegmentStage<Outcome>,
    outcome: Outcome,
    counted: ReadonlyMap<number, Counted>,
  ): Promise<DescribedOutcome> {
    const given = describeOutcome(stage, outcome);
    if (given.queries.sent === 0 && !given.hasError) return given;
    const before = counted.get(given.sampleIndex);
    const queries = subtractQueries(given.queries, before?.queries);
    const usage = encodeUsage(subtractUsage(given.measured, before?.usage ?? []));
    const text = await journal.appendOutcome({ ...given, queries, usage });
    return text === given.text ? given : describeOutcome(stage, JSON.parse(text) as Outcome);
  }

  /**
   * Outcomes that stand, and the answers of samples that have none; errors of earlier attempts are tried again. What the
   * journal says of a sample is newer than what a reopened segment says. `before.counted`: queries of each sample that a
   * reopened segment has counted and that stay in what comes of the sample now.
   */
  async function loadStanding<Outcome extends SegmentOutcome>(
    segment: SegmentWork,
    sealed: SegmentRecord | undefined,
    stage: SegmentStage<Outcome>,
  ) {
    const found = sealed === undefined ? undefined : await readSealed<Outcome>(store, segment, sealed);
    const lines = found ?? [];
    const journal = await store.journal.load(segment);
    const journalled = new Set(journal.outcomes.map(({ sampleIndex }) => sampleIndex));
    const latest = [
      ...lines.filter((outcome) => !journalled.has(outcome.sample_index)),
      ...journal.outcomes.map(({ text }) => JSON.parse(text) as Outcome),
    ];
    const isStale = (outcome: Outcome): boolean => outcome.attempt < segment.attempt && stage.isTriedAgain(outcome);
    const stale = latest.filter(isStale);
    // Of a sample whose error is in the reopened segment, the journal holds what was answered since: that stays.
    const replaced = stale.filter((outcome) => journalled.has(outcome.sample_index));
    const replacedIndexes = new Set(replaced.map((outcome) => outcome.sample_index));
    const listStanding = (outcome: Outcome): readonly JournalAnswer[] => stage.listAnswers(outcome);
    const standing = replaced.flatMap(listStanding);
    const dropped = addUsage(...replaced.map((outcome) => stage.meter.measure(stage.listTrials(outcome))));
    const lost = encodeUsage(onlySent(subtractUsage(dropped, stage.meter.measureAnswers(standing))));
    await store.journal.removeOutcomes(segment, [...replacedIndexes], standing, lost);
    const outcomes = new Map<number, DescribedOutcome>();
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
    const counted = new Map<number, Counted>();
    for (const outcome of lines) {
      const usage = stage.isTriedAgain(outcome)
        ? stage.meter.measureAnswers(listStanding(outcome))
        : stage.meter.measure(stage.listTrials(outcome));
      const queries = stage.isTriedAgain(outcome) ? countAnswers(listStanding(outcome)) : stage.countQueries(outcome);
      counted.set(outcome.sample_index, { queries, usage });
    }
    // What a lost segment counted is kept by whoever noted that it is lost.
    return { outcomes, answers, before: { sealed: found === undefined ? undefined : sealed, counted } };
  }

  async function seal<Outcome extends SegmentOutcome>(
    segment: SegmentWork,
    stage: SegmentStage<Outcome>,
    outcomes: ReadonlyMap<number, DescribedOutcome>,
    before: { readonly sealed: SegmentRecord | undefined; readonly counted: ReadonlyMap<number, Counted> },
  ): Promise<SegmentReport> {
    const lines = stage.sampleIndexes.flatMap((sampleIndex) => outcomes.get(sampleIndex) ?? []);
    const added = lines.map(({ sampleIndex, queries }) =>
      subtractQueries(queries, before.counted.get(sampleIndex)?.queries),
    );
    const addedUsage = lines.flatMap(({ sampleIndex, measured }) =>
      subtractUsage(measured, before.counted.get(sampleIndex)?.usage ?? []),
    );
    const { queries: earlier, answersStood = 0 } = before.sealed ?? {};
    // What was counted stays counted: the failed queries of an attempt that was replaced have left all the same.
    const { stood, ...queries } = added.reduce(addQueries, { ...noQueries, ...earlier, stood: answersStood });
    const report = { samples: lines.length, errors: lines.filter(({ hasError }) => hasError).length, queries };
    const answersSince = lines.reduce<string | null>((oldest, { since }) => findEarlier(oldest, since), null);
    const texts = lines.map(({ text }) => text);
    const standing = { answersStood: stood, answersSince };
    await store.results.registerSegment(segment, {
      blob: await writeSegmentLines(store.content, texts),
      ...report,
      ...standing,
      usage: encodeUsage(addUsage(decodeUsage(before.sealed?.usage ?? null), addedUsage)),
    });
    return report;
  }
}

function toReport({ samples, errors, queries }: SegmentRecord): SegmentReport {
  return { samples, errors, queries };
}

/** Why nothing is sent, where that is so. */
function describeWait<Outcome extends SegmentOutcome>(
  isPaused: boolean,
  { modelVersions }: SegmentStage<Outcome>,
  models: Pick<Models, 'listOutages'>,
): { readonly waits_for?: string } {
  if (isPaused) return { waits_for: 'the run is paused' };
  const outage = models.listOutages().find(({ modelVersion }) => modelVersions.has(modelVersion));
  return outage === undefined ? {} : { waits_for: outage.text };
}

interface DescribedOutcome extends JournalOutcome {
  readonly queries: Queries;
  readonly measured: Usage;
  /** When the oldest of the answers that stood in it had arrived. */
  readonly since: string | null;
}

function describeOutcome<Outcome extends SegmentOutcome>(
  stage: SegmentStage<Outcome>,
  outcome: Outcome,
): DescribedOutcome {
  return {
    sampleIndex: outcome.sample_index,
    text: JSON.stringify(outcome),
    hasError: stage.hasFailed(outcome),
    queries: stage.countQueries(outcome),
    measured: stage.meter.measure(stage.listTrials(outcome)),
    since: stage.findOldestStanding(outcome),
  };
}

/** The earlier of two moments of the same form. */
function findEarlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return other < one ? other : one;
}

/** What a reopened segment has counted of a sample. */
interface Counted {
  readonly queries: Queries;
  readonly usage: Usage;
}

interface Queries {
  readonly sent: number;
  readonly retried: number;
  /** Single answers of other results, which are not among those sent. */
  readonly stood: number;
}

const noQueries: Queries = { sent: 0, retried: 0, stood: 0 };

function addQueries(one: Queries, other: Queries): Queries {
  return { sent: one.sent + other.sent, retried: one.retried + other.retried, stood: one.stood + other.stood };
}

function subtractQueries(queries: Queries, counted: Queries = noQueries): Queries {
  return {
    sent: Math.max(0, queries.sent - counted.sent),
    retried: Math.max(0, queries.retried - counted.retried),
    stood: Math.max(0, queries.stood - counted.stood),
  };
}

function countAnswers(answers: readonly JournalAnswer[]): Queries {
  return countQueries([{ queries: answers.map(({ answer }) => answer), failed_queries: { sent: 0, retried: 0 } }]);
}
