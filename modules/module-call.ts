import type { EvaluationError } from '../contracts/evaluation-error.ts';
import type { JsonValue } from '../contracts/json.ts';

/** One call on its way through the pool. */
export interface ModuleCall {
  readonly id: number;
  readonly type: 'call' | 'check';
  readonly url: string;
  readonly exportName: string;
  readonly argument: string;
  readonly timeoutMs: number;
  /**
   * Set for the second try of a call that was on a thread when it died: on a thread of its own there is no doubt any more
   * who is to blame.
   */
  isAlone: boolean;
  isSettled: boolean;
  resolve(value: JsonValue): void;
  reject(error: EvaluationError): void;
}
