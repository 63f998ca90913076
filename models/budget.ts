import type { Usage } from '../evaluation/model-io.ts';
import type { Model } from '../evaluation/spec/models.ts';

/** What a run may still spend. A run without limits has none. */
export interface Budget {
  /** Fires when a limit is reached: whoever waits to send anything is told at once. Its reason is the error. */
  readonly exhausted: AbortSignal;
  /**
   * Leave to send one query. It is counted on disk when this resolves, so that no crash lets a query leave uncounted.
   *
   * @throws {EvaluationError} `limit-reached`; `store-failed` where it could not be counted.
   */
  reserve(): Promise<void>;
  /** Takes back the leave of a query that has not left. */
  giveBack(): Promise<void>;
  /** Counts what an answer cost, on disk when this resolves. */
  spend(model: Model, usage: Usage | undefined): Promise<void>;
}
