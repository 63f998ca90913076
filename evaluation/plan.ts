import type { CachePolicy } from '../contracts/cache-policy.ts';
import type { Digest } from '../contracts/digest.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { SecretReference } from './spec/common.ts';
import type { ActionRule } from './spec/filters.ts';
import type { Metric } from './spec/metrics.ts';
import type { Model, ModelAdapter } from './spec/models.ts';
import type { Limits, ReuseSettings } from './spec/run-file.ts';
import type { Keyed, Scorer } from './spec/scorers.ts';
import type { Solver } from './spec/solvers.ts';
import type { ScoreAggregator } from './spec/tasks.ts';

export type CompleteMetric = Keyed<Metric>;
/** A scorer with key and metrics filled in (format 9: default metrics, unique keys). */
export type CompleteScorer = Scorer extends infer S
  ? S extends Scorer
    ? Omit<S, 'key' | 'metrics'> & { readonly key: string; readonly metrics: readonly CompleteMetric[] }
    : never
  : never;

/** A task's definition with every placeholder resolved and every default filled in; what is fingerprinted and executed. */
export interface CompleteDefinition {
  readonly type: 'benchmark_task';
  readonly solver: Solver;
  readonly scorers: readonly CompleteScorer[];
  readonly actions: readonly ActionRule[];
  /** Absent where none is declared. */
  readonly score_aggregators?: readonly ScoreAggregator[];
}

/** The run config as it holds for one specification: overrides applied, defaults filled in, nothing clamped (format 4). */
export interface EffectiveRunConfig {
  readonly num_samples: number | null;
  readonly subsampling: 'head' | 'random';
  readonly seed: number;
  readonly num_trials: number;
}

/** Rows of one dataset as one specification uses them, stored as blobs. */
export interface PlannedDataset {
  readonly key: string;
  /** SHA-256 over rows and ids in order, after filters and before subsampling (format 20). */
  readonly version: Digest;
  /** Blob of the {@link RowManifest} of the selected rows. */
  readonly manifest: Digest;
  /** Selected rows. */
  readonly count: number;
  /** Segments that they are cut into. */
  readonly segment_count: number;
}

/** One sealed blob: digest of the plain bytes, size of the stored file. */
export interface BlobReference {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** Names the row segments of a selection, in order. A segment blob holds one line `[position, row]` per row. */
export interface RowManifest {
  readonly version: Digest;
  /** Whether ids are the column `sample_id` or positions (format 13.3). */
  readonly idSource: 'column' | 'position';
  readonly segmentSize: number;
  readonly count: number;
  readonly segments: readonly (BlobReference & { readonly count: number })[];
}

/** A model with everything a query needs, and its version. */
export interface PlannedModel {
  readonly model: Model;
  /** Present for a custom connection with a user's adapter; built-in adapters are named by `model.config.adapter.key`. */
  readonly adapter?: ModelAdapter;
  /** Blob of the JSONL bytes of a `recorded` connection. */
  readonly recording?: BlobReference;
  /** Blob of the bundle of a `typescript` connection, and the fingerprint of its sources. */
  readonly module?: { readonly bundle: BlobReference; readonly version: Digest };
  /** Address of a `provider_connection` as resolved when planning (`<PROVIDER>_BASE_URL`, else the provider's own). */
  readonly baseUrl?: string;
  /** Digest of the resolved definition; counts in keys. */
  readonly version: Digest;
}

/** One task specification, resolved. */
export interface PlannedTaskSpecification {
  readonly key: string;
  readonly display_name?: string;
  readonly task_key: string;
  /** Values of the task's parameters, as its placeholders got them; absent in plans of before they were kept. */
  readonly task_config?: JsonObject;
  readonly definition: CompleteDefinition;
  /** The evaluated model; absent where the solver cannot call one. */
  readonly model_key?: string;
  readonly run_config: EffectiveRunConfig;
  readonly dataset: PlannedDataset;
  readonly solver_key: Digest;
  readonly result_key: Digest;
  readonly solver_fingerprint: JsonObject;
  readonly result_fingerprint: JsonObject;
}

/** A run file resolved; stored as a blob, and what activities execute. */
export interface Plan {
  readonly schema: 1;
  readonly evaluation: { readonly key: string; readonly display_name?: string };
  readonly cache_policy: CachePolicy;
  readonly limits: Limits;
  readonly reuse: ReuseSettings;
  readonly secrets: Readonly<Record<string, SecretReference>>;
  readonly models: Readonly<Record<string, PlannedModel>>;
  readonly tasks: readonly PlannedTaskSpecification[];
}
