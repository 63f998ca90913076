import { type LimitsDocument, makeLimitsDocument } from '../evaluation/limits/describe-limits.ts';
import type { Store } from '../storage/store.ts';

/** What was spent of which limit; null where the run has none. */
export async function findLimits(store: Pick<Store, 'spending'>, runId: string): Promise<LimitsDocument | null> {
  const { limits, spent } = await store.spending.find(runId);
  return limits === null ? null : makeLimitsDocument(limits, spent);
}

/** The same again and again; a run without limits is asked about once. */
export function createLimitsReader(
  store: Pick<Store, 'spending'>,
  runId: string,
): () => Promise<LimitsDocument | null> {
  let isLimited = true;
  return async () => {
    const limits = isLimited ? await findLimits(store, runId) : null;
    isLimited = limits !== null;
    return limits;
  };
}
