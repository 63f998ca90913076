import type { CachePolicy } from '../../contracts/cache-policy.ts';
import { type Damage, judgeStoredResult, type ReuseBounds, type StoredResult, type Unusable } from './usability.ts';

/** What may be looked at for one task specification. */
export interface Candidates<Result extends StoredResult> {
  /** The current result of the result key. */
  readonly current: Result | undefined;
  /** Completed, reusable results of the solver key, the one solved last first. */
  readonly solved: readonly Result[];
}

/** A stored result that could not stand, or not wholly, and why. */
export interface Rejection<Result> {
  readonly result: Result;
  readonly because: Unusable;
}

export type Decision<Result> =
  | { readonly verdict: 'full' | 'partial'; readonly source: Result; readonly rejections: readonly Rejection<Result>[] }
  | { readonly verdict: 'none'; readonly rejections: readonly Rejection<Result>[] };

/**
 * Policy and what is stored → full | partial | none (design 3.1).
 *
 * @param findDamage - Asked only about candidates that everything else allows, since it has to look at blobs.
 */
export async function decideReuse<Result extends StoredResult>(
  policy: CachePolicy,
  candidates: Candidates<Result>,
  bounds: ReuseBounds,
  findDamage: (result: Result) => Promise<Damage>,
): Promise<Decision<Result>> {
  const rejections: Rejection<Result>[] = [];
  if (policy !== 'reuse') return { verdict: 'none', rejections };
  const { current, solved } = candidates;
  const judge = async (result: Result) => {
    const unbroken = judgeStoredResult(result, 'none', bounds);
    if (unbroken.stands === 'nothing') return unbroken;
    return judgeStoredResult(result, await findDamage(result), bounds);
  };
  if (current !== undefined) {
    const usability = await judge(current);
    if (usability.stands === 'all') return { verdict: 'full', source: current, rejections };
    rejections.push({ result: current, because: usability.because });
  }
  for (const result of solved) {
    const usability = await judge(result);
    if (usability.stands !== 'nothing') return { verdict: 'partial', source: result, rejections };
    if (result.taskResultId !== current?.taskResultId) rejections.push({ result, because: usability.because });
  }
  return { verdict: 'none', rejections };
}
