import type { StoredResult } from '../../storage/housekeeping.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import type { Reusability } from './cache-documents.ts';

/** What a look-up may take of a stored result, and why not more; limits of errors and age are those of who looks up. */
export function describeReusability({ taskResult, lost }: Pick<StoredResult, 'taskResult' | 'lost'>): {
  readonly reusable: Reusability;
  readonly because: string | null;
} {
  const hindrance = findHindrance(taskResult);
  if (hindrance !== null) return { reusable: 'none', because: hindrance };
  if (lost === 'outputs') return { reusable: 'none', because: 'solver outputs are lost or damaged' };
  if (lost === 'scores') return { reusable: 'solver-outputs', because: 'scores or metrics are lost or damaged' };
  if (!taskResult.isCurrent)
    return { reusable: 'solver-outputs', because: 'another result of the same key is current' };
  return { reusable: 'full', because: null };
}

/** Why a look-up takes nothing of a result whatever its pieces are like. */
export function findHindrance({ status, policy, isRemoved }: TaskResultRecord): string | null {
  if (isRemoved) return 'taken out; the next gc removes it if nothing stands on it';
  if (status !== 'completed') return status;
  return policy === 'no-cache' ? 'no-cache' : null;
}
