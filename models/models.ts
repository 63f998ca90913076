import type { Answer } from '../evaluation/model-io.ts';
import type { PlannedModel } from '../evaluation/plan.ts';
import type { ModelRequest } from './model-connection.ts';

/** The drain or the cancel of its task met this query before it was sent; it is unfinished, not failed. */
export class QueryAbandoned extends Error {
  override readonly name = 'QueryAbandoned';
}

/**
 * The models of one process: connections, retries, and one limiter per limit group (without one: per model version),
 * which holds across all tasks and runs of the process.
 */
export interface Models {
  /**
   * Makes limits known before the first query, so that the smallest value of a limit group holds from the start. Optional:
   * a model that was not declared is taken in with its first query.
   */
  declare(models: Iterable<PlannedModel>): void;
  /**
   * Sends a query and retries it as format 15.1 says. Once `signal` has fired nothing new is sent and waits for a retry
   * end; a query in flight finishes.
   *
   * @param keep - Gets the answer and puts it on disk. Until that is done the query counts as in flight, so that a kill
   *   never loses more than the limit lets fly; the caller gets the answer at once.
   * @throws {ModelError} final; `code` `model-unusable` when no query of this model has a chance (design 3.3).
   * @throws {QueryAbandoned}
   */
  query(
    model: PlannedModel,
    request: Omit<ModelRequest, 'attempt'>,
    signal: AbortSignal,
    keep?: (answer: Answer) => Promise<unknown>,
  ): Promise<Answer>;
  /** Queries that may be in flight at once now: how many samples are worth having in progress. */
  getConcurrency(model: PlannedModel): number;
  close(): Promise<void>;
}
