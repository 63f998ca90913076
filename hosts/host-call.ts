import type { EvaluationError } from '../contracts/evaluation-error.ts';
import type { JsonValue } from '../contracts/json.ts';
import type { AnswerRequest } from '../contracts/user-code.ts';
import type { FromHost } from './host-messages.ts';

export type HostErrorReport = Extract<FromHost, { type: 'error' }>;

/** One call of user code on its way through a pool. */
export interface HostCall {
  readonly id: number;
  /** How people know what is called, such as `"default"` or `compute_scores`. */
  readonly name: string;
  /** What the host is told to do, beside the call's id. */
  readonly message: Readonly<Record<string, JsonValue>>;
  readonly timeoutMs: number;
  /** Makes what answers user code while it runs, anew where the call is tried again; absent: it may ask nothing. */
  readonly answer: (() => AnswerRequest) | undefined;
  /** Makes the error where the function threw, or did not bring what it should. */
  readonly describe: (report: HostErrorReport) => EvaluationError;
  /**
   * Set for the second try of a call that was in a host when it died: in a host of its own there is no doubt any more who
   * is to blame.
   */
  isAlone: boolean;
  isSettled: boolean;
  resolve(result: HostResult): void;
  reject(error: EvaluationError): void;
  /** The call is over for a reason that is not user code's, such as a cancel that met what it had asked for. */
  giveUp(reason: unknown): void;
}

export interface HostResult {
  readonly value: JsonValue;
  /** What it printed, where the host keeps that. */
  readonly log?: string | undefined;
}
