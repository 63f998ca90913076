/**
 * What a run may take from the store and what it gives back.
 *
 * `reuse` looks cached results up and makes its own reusable, `update` only makes its own reusable (and replaces the
 * current result), `no-cache` does neither.
 */
export const cachePolicies = ['reuse', 'update', 'no-cache'] as const;
export type CachePolicy = (typeof cachePolicies)[number];

/** What a cache check finds for one task specification. */
export const verdicts = ['full', 'partial', 'none'] as const;
export type Verdict = (typeof verdicts)[number];
