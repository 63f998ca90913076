import type { ModelOutage } from '../contracts/model-outage.ts';
import type { Answer } from '../evaluation/model-io.ts';
import type { PlannedModel } from '../evaluation/plan.ts';
import type { Budget } from './budget.ts';
import type { ModelRequest } from './model-connection.ts';

/** The drain or the cancel of its task met this query before it was sent; it is unfinished, not failed. */
export class QueryAbandoned extends Error {
  override readonly name = 'QueryAbandoned';
}

export interface DeclareOptions {
  /** How long a model that does not answer is waited for, in each outage (`limits.outage_patience_s`). */
  readonly outagePatienceMs?: number | undefined;
}

/**
 * The models of one run: connections, retries, and one limiter per limit group (without one: per model version), which
 * holds across all tasks, and where limits are declared across everybody who uses the store.
 */
export interface Models {
  /**
   * Makes limits known before the first query, so that the smallest value of a limit group holds from the start. Optional:
   * a model that was not declared is taken in with its first query.
   */
  declare(models: Iterable<PlannedModel>, options?: DeclareOptions): void;
  /**
   * Sends a query and retries it as format 15.1 says; while the model is held (19.3) it waits. Once `signal` has fired
   * nothing new is sent and waits of any kind end; a query in flight finishes.
   *
   * @param keep - Gets the answer and puts it on disk. Until that is done the query counts as in flight, so that a kill
   *   never loses more than the limit lets fly; the caller gets the answer at once.
   * @param budget - Of the run, where that has limits: asked before each send, and told what the answer cost before it is
   *   kept or given to the caller.
   * @param onSend - Hears of each send as it leaves, retries and probes included.
   * @throws {ModelError} final; `code` `model-unusable` when no query of this model has a chance, or patience is over.
   * @throws {EvaluationError} `store-failed` when limits are shared and the store cannot be asked; `limit-reached`.
   * @throws {QueryAbandoned}
   */
  query(
    model: PlannedModel,
    request: Omit<ModelRequest, 'attempt'>,
    signal: AbortSignal,
    keep?: (answer: Answer) => Promise<unknown>,
    budget?: Budget,
    onSend?: () => void,
  ): Promise<Answer>;
  /** Models that are held now. */
  listOutages(): readonly ModelOutage[];
  close(): Promise<void>;
}
