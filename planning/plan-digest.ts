import type { Digest } from '../contracts/digest.ts';
import { digestJson } from '../evaluation/fingerprint/digest.ts';
import type { Plan } from '../evaluation/plan.ts';

/**
 * What makes two runs the same work: result keys and policy, with the keys they are reported under, so that a run which
 * is attached to prints the document its caller asked for.
 */
export function makePlanDigest(plan: Plan): Digest {
  return digestJson('stet-plan', {
    evaluation: plan.evaluation.key,
    cache_policy: plan.cache_policy,
    tasks: plan.tasks.map(({ key, result_key }) => ({ key, result_key })),
  });
}
