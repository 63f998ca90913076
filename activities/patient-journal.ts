import { setMaxListeners } from 'node:events';
import { setTimeout as sleepReal } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import type { Answer } from '../evaluation/model-io.ts';
import type { Budget } from '../models/budget.ts';
import { QueryAbandoned } from '../models/models.ts';
import type { Journal, JournalAnswer, JournalOutcome, SegmentWork } from '../storage/journal.ts';

const firstWaitMs = 250;
const longestWaitMs = 5_000;
/** How long a store that cannot be written is waited for: time to make room on a disk. */
const patienceMs = 10 * 60_000;

export interface PatientJournalOptions {
  /** Of the activity: once it fires nothing is waited for any more. */
  readonly signal: AbortSignal;
  /** Hears once each time the journal begins to refuse what it is given. */
  readonly onRefusal?: ((reason: string) => void) | undefined;
  readonly telemetry?: Pick<Telemetry, 'journalCommitted'> | undefined;
  /** What the run may still spend; left out: anything. */
  readonly budget?: Budget | undefined;
  readonly sleep?: ((durationMs: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/**
 * A journal whose disk may be full, or whose database another process may hold.
 *
 * What it does not take is kept and offered again, since it was paid for; and until it takes it nothing more is sent,
 * because that answer could not be kept either. After ten minutes the task result fails: an attempt that begins anew
 * would pay for the same answers again, and lose them again.
 */
export interface PatientJournal {
  appendAnswer(answer: JournalAnswer): Promise<Answer>;
  appendOutcome(outcome: JournalOutcome): Promise<string>;
  /**
   * Runs `send` while the journal takes what comes back. `send` throws `QueryAbandoned` when its signal fires before it
   * has sent anything; it is run again when the journal can be written again. `budget` is what it has to ask before.
   *
   * @throws {QueryAbandoned} once the activity is told to stop.
   */
  whileWritable<Result>(send: (signal: AbortSignal, budget: Budget | undefined) => Promise<Result>): Promise<Result>;
  /** Nothing is sent until it is unpaused, as if the journal could not be written; what comes back is written. */
  pause(): void;
  unpause(): void;
}

export function createPatientJournal(
  journal: Pick<Journal, 'appendAnswer' | 'appendOutcome'>,
  segment: SegmentWork,
  { signal, onRefusal, telemetry, budget, sleep = sleepOrWake }: PatientJournalOptions,
): PatientJournal {
  let refused = 0;
  let isPaused = false;
  /** What the journal will not take in this attempt, however often it is offered. */
  let broken: { readonly error: unknown } | undefined;
  let hold = makeHold(signal);

  return {
    appendAnswer: (answer) => persist(() => journal.appendAnswer(segment, answer)),
    appendOutcome: (outcome) => persist(() => journal.appendOutcome(segment, outcome)),
    async whileWritable(send) {
      for (;;) {
        const { begins, ended } = hold;
        if (begins.aborted && broken === undefined) await ended;
        if (signal.aborted) throw new QueryAbandoned();
        if (broken !== undefined) throw broken.error;
        if (begins.aborted) continue;
        try {
          return await send(begins, budget);
        } catch (error) {
          if (signal.aborted || !(error instanceof QueryAbandoned)) throw error;
        }
      }
    },
    pause() {
      if (isPaused) return;
      isPaused = true;
      hold.begin();
    },
    unpause() {
      if (!isPaused) return;
      isPaused = false;
      goOn();
    },
  };

  async function persist<Result>(append: () => Promise<Result>): Promise<Result> {
    let waitedMs = 0;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, 2 * waitMs)) {
      try {
        const begunAt = performance.now();
        const result = await append();
        telemetry?.journalCommitted(performance.now() - begunAt);
        if (waitedMs > 0) taken();
        return result;
      } catch (error) {
        const isLast = signal.aborted || waitedMs >= patienceMs || !isStoreFailure(error);
        if (waitedMs > 0 && isLast) taken();
        if (!isStoreFailure(error) || signal.aborted) throw breakOff(error);
        if (isLast) throw breakOff(giveUp(error));
        if (waitedMs === 0) refuse(error);
        waitedMs += waitMs;
        await sleep(waitMs, signal);
      }
    }
  }

  /** Nothing more is sent: before the permit of the query whose answer is lost lets the next one go. */
  function breakOff(error: unknown): unknown {
    broken ??= { error };
    hold.begin();
    return error;
  }

  function refuse(error: EvaluationError): void {
    if (refused++ > 0) return;
    onRefusal?.(`${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`);
    hold.begin();
  }

  function taken(): void {
    refused--;
    goOn();
  }

  /** Once nothing is in the way any more. */
  function goOn(): void {
    if (refused > 0 || isPaused) return;
    const { end } = hold;
    hold = makeHold(signal);
    end();
  }
}

/** A time in which nothing is sent: `begins` fires when it begins, or when the activity is told to stop. */
function makeHold(signal: AbortSignal) {
  const beginning = new AbortController();
  const begins = AbortSignal.any([signal, beginning.signal]);
  setMaxListeners(0, begins); // every query in progress listens
  const ending = new AbortController();
  const ends = AbortSignal.any([signal, ending.signal]);
  setMaxListeners(0, ends);
  const ended = new Promise<void>((resolve) => {
    if (ends.aborted) resolve();
    else ends.addEventListener('abort', () => resolve(), { once: true });
  });
  return { begins, begin: () => beginning.abort(), ended, end: () => ending.abort() };
}

function isStoreFailure(error: unknown): error is EvaluationError {
  return error instanceof EvaluationError && error.code === 'store-failed';
}

function giveUp({ message }: EvaluationError): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'store-failed',
    message: `The store could not be written for ${patienceMs / 60_000} minutes, so answers were lost. ${message} Make room, then use \`stet resume\`.`,
    nonRetryable: true,
  });
}

/** Ends early, without a complaint, when the signal fires. */
async function sleepOrWake(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleepReal(durationMs, undefined, { signal }).catch(() => undefined);
}
