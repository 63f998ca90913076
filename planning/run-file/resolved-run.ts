import type { SourceLocation } from '../../contracts/evaluation-error.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { EffectiveRunConfig } from '../../evaluation/plan.ts';
import type { SecretReference } from '../../evaluation/spec/common.ts';
import type { Dataset } from '../../evaluation/spec/datasets.ts';
import type { Model, ModelAdapter } from '../../evaluation/spec/models.ts';
import type { Evaluation, Limits, ReuseSettings, RunConfig } from '../../evaluation/spec/run-file.ts';
import type { TaskDefinition } from '../../evaluation/spec/tasks.ts';
import type { ConfigPath } from './config-node.ts';
import type { Warning } from './problems.ts';
import type { Environment } from './read-environment.ts';

/** One task specification with every placeholder resolved. */
export interface ResolvedTask {
  readonly key: string;
  readonly displayName?: string;
  readonly taskKey: string;
  /** Values of the task's parameters. */
  readonly taskConfig: JsonObject;
  /** Placeholders resolved, defaults of the schema filled in; keys and default metrics of scorers are not. */
  readonly definition: TaskDefinition;
  /** The evaluated model; absent where the solver cannot call one. */
  readonly modelKey?: string;
  readonly datasetKey: string;
  readonly runConfig: EffectiveRunConfig;
  /** Where the specification is written. */
  readonly location?: SourceLocation;
  /**
   * Checks the values of `dataset_column` parameters, once the dataset has been read.
   *
   * @throws {ConfigurationError} `config-unknown-name` for what is no column.
   */
  checkColumns(columns: Iterable<string>): void;
}

/** What a run config declares, for {@link ResolvedRun.locationOf}. */
export type LocatedKind = 'model' | 'adapter' | 'dataset' | 'task' | 'specification';

/** A run config read, validated and resolved (format 4). */
export interface ResolvedRun {
  /** Null for a file that declares things and evaluates none of them. */
  readonly evaluation: Evaluation | null;
  /** With `evaluation.cache_policy` merged in. */
  readonly runConfig: RunConfig;
  /** Whether the file, or an override, says the cache policy; else it is the default. */
  readonly declaresPolicy: boolean;
  readonly limits: Limits;
  readonly reuse: ReuseSettings;
  /** Every secret that the file declares or names, by name. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  /** By key, used or not, `latticeflow$placeholder` among them. Data paths are absolute. */
  readonly models: ReadonlyMap<string, Model>;
  /** The file's own ones; built-in adapters are known by key only. */
  readonly adapters: ReadonlyMap<string, ModelAdapter>;
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** In the order of the evaluation; those left out by `only` are not among them. */
  readonly tasks: readonly ResolvedTask[];
  readonly warnings: readonly Warning[];
  /** What the worker sees: `.env`, the process environment, and the file of `--env` (format 2). */
  readonly environment: Environment;
  /** Absolute path of the run file; null for a run config without one. */
  readonly file: string | null;
  /** Where a path of the run config is written, or the nearest thing around it; undefined without a file. */
  locate(path: ConfigPath): SourceLocation | undefined;
  /** Where something declared is written, or a place inside it, such as `['source', 'filters', 0]`. */
  locationOf(kind: LocatedKind, key: string, pathInside?: ConfigPath): SourceLocation | undefined;
}
