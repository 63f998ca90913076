import type { CachePolicy } from './cache-policy.ts';
import type { JsonValue } from './json.ts';

/** What the command line may change in a run file before it is validated; part of the plan. */
export interface Overrides {
  /** Path → value, as `--set run_config.num_samples=10`; values are parsed as YAML scalars. */
  readonly set?: readonly { readonly path: string; readonly value: JsonValue }[];
  /** Keys of the task specifications to run; others are left out. */
  readonly only?: readonly string[];
  /** At most this many samples for every specification, whatever the file says. */
  readonly numSamples?: number;
  readonly cachePolicy?: CachePolicy;
  /** Totals of the run over all its attempts, in place of those of the file: queries sent, retries and probes included. */
  readonly maxQueries?: number;
  /** US dollars. */
  readonly maxCost?: number;
  /** Of prompts and completions. */
  readonly maxTokens?: number;
  /** Seconds in which the run is worked on. */
  readonly maxDurationS?: number;
}
