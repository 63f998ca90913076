import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import { describeLimits, refuseUsedUp } from '../evaluation/limits/describe-limits.ts';
import type { Spending, SpendingLimits } from '../evaluation/limits/spending-limits.ts';
import type { Plan } from '../evaluation/plan.ts';
import { parseCostMicros } from '../evaluation/usage/cost.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { RunSpending } from '../storage/spending.ts';
import type { Store } from '../storage/store.ts';
import type { Host } from './host.ts';
import { makeRunDocument } from './make-run-document.ts';

/**
 * What a run that is to go on may spend from now on.
 *
 * @param given - Null: no limit. Undefined: as before.
 * @throws {EvaluationError} `usage` where that is used up already and the run has ended; an open one may have nothing left
 *   to do but to end.
 */
export async function prepareLimits(
  store: Store,
  run: RunRecord,
  given: SpendingLimits | null | undefined,
): Promise<PreparedLimits> {
  const before = await store.spending.find(run.runId);
  const limits = given === undefined ? before.limits : given;
  const spent = before.limits === null && limits !== null ? await measureSpent(store, run, before) : before.spent;
  if (isFinal(run.status)) refuseUsedUp(run.runId, { limits, spent });
  return { limits, spent, before: before.limits };
}

export interface PreparedLimits {
  readonly limits: SpendingLimits | null;
  readonly spent: Spending;
  readonly before: SpendingLimits | null;
}

/** Makes them hold, and says so where they are others than before. */
export async function applyLimits(
  { host, store }: { readonly host: Pick<Host, 'onNotice'>; readonly store: Store },
  runId: string,
  { limits, spent, before }: PreparedLimits,
): Promise<void> {
  const [present, earlier] = [describeLimits(limits), describeLimits(before)];
  if (present === earlier) return;
  await store.spending.setLimits(runId, limits, spent);
  host.onNotice(`Run ${runId} goes on with the limits given now: ${present} (before: ${earlier}).`);
}

/** @throws {EvaluationError} `usage` where cost is to be limited and a model of the stored plan has no price. */
export function requireStoredPrices({ models }: Plan, limits: SpendingLimits | null): void {
  if (limits?.cost === undefined) return;
  for (const [key, { model }] of Object.entries(models)) {
    if (model.price !== undefined) continue;
    throw new EvaluationError(
      'usage',
      `The cost of the run cannot be limited: model "${key}" has no price in its plan.`,
      {
        hint: 'Give the model a `price` in the run file, and name the file with -f.',
      },
    );
  }
}

/**
 * What a run that had no limits has spent, as far as it is recorded: what was in flight when a process died is not, nor
 * what answers cost of which nobody said how many tokens they took, or of a model that had no price.
 */
async function measureSpent(store: Store, run: RunRecord, { spent }: RunSpending): Promise<Spending> {
  const document = await makeRunDocument(store, run);
  const { model_queries: queries, tokens, cost_micros: costMicros, duration_ms: durationMs } = document;
  const cost = parseCostMicros(costMicros ?? '0');
  return {
    queries: Math.max(spent.queries, queries.sent + queries.retried),
    tokens: Math.max(spent.tokens, (tokens?.prompt ?? 0) + (tokens?.completion ?? 0)),
    cost: cost > spent.cost ? cost : spent.cost,
    workedMs: Math.max(spent.workedMs, durationMs),
  };
}
