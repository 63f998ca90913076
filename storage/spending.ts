import type { LimitName, Spending, SpendingLimits } from '../evaluation/limits/spending-limits.ts';
import type { Cost } from '../evaluation/usage/cost.ts';

/** What a run may spend, and what it has spent over all its attempts. */
export interface RunSpending {
  /** Null where nothing of it is limited; then nothing is counted either. */
  readonly limits: SpendingLimits | null;
  readonly spent: Spending;
  /** The limit beyond which nothing more is sent. */
  readonly reached: LimitName | undefined;
}

/** What one answer cost. */
export interface AnswerCost {
  readonly tokens: number;
  readonly cost: Cost;
}

/**
 * What runs with limits spend, whoever works on them: counted on disk before a query leaves, so that no kill lets one
 * more leave. What a process brings at once shares a commit.
 *
 * Every method rejects with `store-failed` where the store cannot be written. What has then been counted stays counted: a
 * query whose commit is in doubt counts as sent.
 */
export interface SpendingLedger {
  find(runId: string): Promise<RunSpending>;
  /**
   * Leave to send one query, counted on disk; false where a limit is reached. At no moment are more given, less those that
   * were given back, than `limits.queries`.
   */
  reserve(runId: string): Promise<RunSpending & { readonly isGranted: boolean }>;
  /** Takes back a reservation whose query has not left, and never will. */
  giveBack(runId: string): Promise<RunSpending>;
  /** Counts what an answer cost. */
  add(runId: string, cost: AnswerCost): Promise<RunSpending>;
  /**
   * Says that somebody works on the run now. The time since the last sign counts as worked on, if that is not longer ago
   * than a few seconds; however many give signs, it counts once.
   */
  recordSign(runId: string): Promise<RunSpending>;
  /**
   * Sets other limits, or with null lifts them, from the next query on.
   *
   * @param spent - What the run has spent so far, as far as that is known; for one that had no limits, of which nothing is
   *   counted here.
   */
  setLimits(runId: string, limits: SpendingLimits | null, spent: Spending): Promise<void>;
}
