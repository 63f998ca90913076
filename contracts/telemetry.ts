import type { Verdict } from './cache-policy.ts';
import type { JsonValue } from './json.ts';

/** Where a query goes; names only. */
export interface QueryTarget {
  /** Key of the model in the run file. */
  readonly model: string;
  /** Who answers, by the names of the GenAI conventions where they have one. */
  readonly provider: string;
  /** What the service calls the model. */
  readonly requestModel: string;
  readonly serverAddress?: string;
  readonly serverPort?: number;
}

export interface SentQuery extends QueryTarget {
  /** How often the query was sent before, from 0. */
  readonly attempt: number;
  /** What is asked; nobody shows it unless content is to be captured. */
  readonly input: JsonValue;
}

export interface ReceivedAnswer {
  readonly servedModel?: string | undefined;
  readonly responseId?: string | undefined;
  readonly finishReason?: string | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** As `SentQuery.input`. */
  readonly output: JsonValue;
}

/** Hears how one send of a query ended. */
export interface QueryObservation {
  answered(answer: ReceivedAnswer): void;
  failed(failure: { readonly type: string; readonly statusCode?: number | undefined }): void;
}

export interface ObservedSegment {
  readonly runId: string;
  readonly task: string;
  readonly stage: 'solve' | 'score';
  readonly segmentIndex: number;
}

/**
 * Hears what goes on, for metrics and traces. No method throws, waits, or changes what is done; each costs next to nothing
 * where nobody listens.
 */
export interface Telemetry {
  querySent(query: SentQuery): QueryObservation;
  /** A query had to wait for its limits, or for a model that is held, before it was sent. */
  queryWaited(model: string, waitedMs: number): void;
  /** A model is held because it does not answer, or answers again. */
  modelHeld(model: string, isHeld: boolean): void;
  reuseDecided(verdict: Verdict): void;
  /** A single answer of another result stood in place of a query to this model. */
  answerStood(model: string): void;
  sampleEnded(stage: 'solve' | 'score', hasFailed: boolean): void;
  /** How long an answer or an outcome took to be on disk. */
  journalCommitted(tookMs: number): void;
  /** Runs the work of a segment; the queries sent by it belong to it. */
  inSegment<Result>(segment: ObservedSegment, work: () => Promise<Result>): Promise<Result>;
}

const ignored: QueryObservation = { answered() {}, failed() {} };

export const noTelemetry: Telemetry = {
  querySent: () => ignored,
  queryWaited() {},
  modelHeld() {},
  reuseDecided() {},
  answerStood() {},
  sampleEnded() {},
  journalCommitted() {},
  inSegment: (_segment, work) => work(),
};

/** Tells several. */
export function combineTelemetry(one: Telemetry, other: Telemetry): Telemetry {
  if (one === noTelemetry) return other;
  if (other === noTelemetry) return one;
  return {
    querySent(query) {
      const [first, second] = [one.querySent(query), other.querySent(query)];
      return {
        answered(answer) {
          first.answered(answer);
          second.answered(answer);
        },
        failed(failure) {
          first.failed(failure);
          second.failed(failure);
        },
      };
    },
    queryWaited(...waited) {
      one.queryWaited(...waited);
      other.queryWaited(...waited);
    },
    modelHeld(...held) {
      one.modelHeld(...held);
      other.modelHeld(...held);
    },
    reuseDecided(verdict) {
      one.reuseDecided(verdict);
      other.reuseDecided(verdict);
    },
    answerStood(model) {
      one.answerStood(model);
      other.answerStood(model);
    },
    sampleEnded(...ended) {
      one.sampleEnded(...ended);
      other.sampleEnded(...ended);
    },
    journalCommitted(tookMs) {
      one.journalCommitted(tookMs);
      other.journalCommitted(tookMs);
    },
    inSegment: (segment, work) => one.inSegment(segment, () => other.inSegment(segment, work)),
  };
}
