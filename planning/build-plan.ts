import type { Digest } from '../contracts/digest.ts';
import { ConfigurationError, EvaluationError } from '../contracts/evaluation-error.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import { completeDefinition } from '../evaluation/complete-definition.ts';
import { compileFilters } from '../evaluation/filters/compile-filter.ts';
import { makeFingerprints } from '../evaluation/fingerprint/make-fingerprints.ts';
import type { Plan, PlannedDataset, PlannedModel, PlannedTaskSpecification } from '../evaluation/plan.ts';
import { getSolverKind } from '../evaluation/solvers/index.ts';
import type { ContentStore } from '../storage/content-store.ts';
import type { DatasetCache } from '../storage/dataset-cache.ts';
import { planDataset } from './datasets/plan-dataset.ts';
import { makePlanDigest } from './plan-digest.ts';
import { planModel } from './plan-model.ts';
import type { ResolvedRun, ResolvedTask } from './run-file/index.ts';

export interface PlanningDependencies {
  readonly content: ContentStore;
  readonly datasets: DatasetCache;
  /** Loads modules to see that they load and export what is asked for, before anything is spent. */
  readonly modules: Pick<ModuleHost, 'check'>;
  /** Rows a segment. */
  readonly segmentSize: number;
  readonly verifyData: boolean;
}

export interface BuiltPlan {
  readonly plan: Plan;
  readonly planDigest: Digest;
  readonly warnings: readonly string[];
  /** Manifests of rows that stand from an earlier plan and that were not read, so that a damage may be in them. */
  readonly standingRows?: readonly Digest[];
}

/**
 * A resolved run file → plan: rows, recordings and modules stored as blobs, definitions completed, keys made.
 * Works on until everything has been looked at, so that all problems are reported at once.
 *
 * @throws {ConfigurationError} before anything is spent.
 */
export async function buildPlan(resolved: ResolvedRun, dependencies: PlanningDependencies): Promise<BuiltPlan> {
  if (resolved.evaluation === null) {
    throw new ConfigurationError([
      new EvaluationError('config-invalid', 'The run file has no evaluation, so there is nothing to run.', {
        hint: 'Add `evaluation` with `task_specifications`, or use `stet validate`.',
        ...(resolved.file === null ? {} : { location: { file: resolved.file } }),
      }),
    ]);
  }
  const problems = createProblemList();
  const warnings = resolved.warnings.map(({ message, location }) =>
    location === undefined ? message : `${location.file}:${location.line ?? 1}: ${message}`,
  );
  const models = await planModels(resolved, dependencies, problems);
  await requirePrices(resolved, problems);
  const standingRows: Digest[] = [];
  const readDataset = createDatasetReader(resolved, dependencies, problems, { warnings, standingRows });
  const tasks: PlannedTaskSpecification[] = [];
  for (const task of resolved.tasks) {
    const planned = await problems.collect(task, () => planTask(task, models, readDataset));
    if (planned !== undefined) tasks.push(planned);
  }
  problems.throwIfAny();
  const plan: Plan = {
    schema: 1,
    evaluation: {
      key: resolved.evaluation.key,
      ...(resolved.evaluation.display_name === undefined ? {} : { display_name: resolved.evaluation.display_name }),
    },
    cache_policy: resolved.runConfig.cache_policy,
    limits: resolved.limits,
    reuse: resolved.reuse,
    secrets: resolved.secrets,
    models: Object.fromEntries(models),
    tasks,
  };
  return { plan, planDigest: makePlanDigest(plan), warnings: [...new Set(warnings)], standingRows };
}

/** Every model that some specification asks, as solver or as judge; the others are neither read nor bundled. */
export function findUsedModels(resolved: ResolvedRun): ReadonlySet<string> {
  return new Set(
    resolved.tasks.flatMap(({ definition, modelKey }) => [
      ...(modelKey !== undefined && getSolverKind(definition.solver.type).usesModel ? [modelKey] : []),
      ...definition.scorers.flatMap((scorer) => ('model_key' in scorer ? [scorer.model_key] : [])),
    ]),
  );
}

/** A limit on cost that some model's answers did not count for would hold back nothing. */
async function requirePrices(resolved: ResolvedRun, problems: ProblemList): Promise<void> {
  if (resolved.limits.cost === undefined) return;
  for (const key of findUsedModels(resolved)) {
    if (resolved.models.get(key)?.price !== undefined) continue;
    await problems.collect({ location: resolved.locationOf('model', key) }, async () => {
      throw new EvaluationError('config-invalid', `limits.cost is set, and model "${key}" has no price.`, {
        hint: 'Add `price: {input: …, output: …}`, in US dollars per million tokens; 0 for a model that costs nothing.',
      });
    });
  }
}

async function planModels(
  resolved: ResolvedRun,
  dependencies: PlanningDependencies,
  problems: ProblemList,
): Promise<ReadonlyMap<string, PlannedModel>> {
  const planned = new Map<string, PlannedModel>();
  for (const key of findUsedModels(resolved)) {
    const model = resolved.models.get(key);
    if (model === undefined) continue; // reported by the reader
    const result = await problems.collect({ location: resolved.locationOf('model', key, ['config']) }, () =>
      planModel(model, resolved, dependencies),
    );
    if (result !== undefined) planned.set(key, result);
  }
  return planned;
}

type DatasetReader = (
  task: ResolvedTask,
) => Promise<(PlannedDataset & { readonly columns: readonly string[] }) | undefined>;

/** Reads each selection of each dataset once, however many specifications use it. */
function createDatasetReader(
  resolved: ResolvedRun,
  { content, datasets: cache, segmentSize, verifyData }: PlanningDependencies,
  problems: ProblemList,
  { warnings, standingRows }: { readonly warnings: string[]; readonly standingRows: Digest[] },
): DatasetReader {
  const read = new Map<string, ReturnType<DatasetReader>>();
  return (task) => {
    const { datasetKey, runConfig } = task;
    const { num_samples: numSamples, subsampling, seed } = runConfig;
    const selection = JSON.stringify([datasetKey, numSamples, subsampling, seed]);
    const known = read.get(selection);
    if (known !== undefined) return known;
    const reading = problems.collect({ location: resolved.locationOf('dataset', datasetKey, ['source']) }, async () => {
      const dataset = resolved.datasets.get(datasetKey);
      if (dataset === undefined) throw new EvaluationError('internal', `No dataset "${datasetKey}".`);
      const planned = await planDataset(
        dataset,
        { numSamples, subsampling, seed },
        {
          content,
          cache,
          segmentSize,
          verifyData,
          compileFilters,
          onStanding: (manifest) => standingRows.push(manifest),
        },
      );
      warnings.push(...planned.warnings.map((warning) => `Dataset "${datasetKey}": ${warning}`));
      return planned;
    });
    read.set(selection, reading);
    return reading;
  };
}

async function planTask(
  task: ResolvedTask,
  models: ReadonlyMap<string, PlannedModel>,
  readDataset: DatasetReader,
): Promise<PlannedTaskSpecification | undefined> {
  const definition = completeDefinition(task.definition);
  const dataset = await readDataset(task);
  if (dataset === undefined) return undefined; // reported once, where the dataset is declared
  task.checkColumns(dataset.columns);
  const { modelKey } = task;
  const usesModel = getSolverKind(definition.solver.type).usesModel;
  const model = usesModel && modelKey !== undefined ? models.get(modelKey) : undefined;
  const asked = definition.scorers.flatMap((scorer) => ('model_key' in scorer ? [scorer.model_key] : []));
  if ((usesModel && model === undefined) || asked.some((key) => !models.has(key))) return undefined; // reported at the model
  const { solverKey, solverFingerprint, resultKey, resultFingerprint } = makeFingerprints({
    taskKey: task.taskKey,
    definition,
    runConfig: task.runConfig,
    datasetVersion: dataset.version,
    model,
    getModel: (key) => models.get(key) as PlannedModel,
  });
  return {
    key: task.key,
    ...(task.displayName === undefined ? {} : { display_name: task.displayName }),
    task_key: task.taskKey,
    task_config: task.taskConfig,
    definition,
    ...(model === undefined || modelKey === undefined ? {} : { model_key: modelKey }),
    run_config: task.runConfig,
    dataset: {
      key: task.datasetKey,
      version: dataset.version,
      manifest: dataset.manifest,
      count: dataset.count,
      segment_count: dataset.segment_count,
    },
    solver_key: solverKey,
    result_key: resultKey,
    solver_fingerprint: solverFingerprint,
    result_fingerprint: resultFingerprint,
  };
}

interface ProblemList {
  /** Runs a step; its problem is kept, with the place where it has none of its own, and the step gives nothing. */
  collect<T>(
    place: { readonly location?: EvaluationError['location'] },
    step: () => Promise<T>,
  ): Promise<T | undefined>;
  throwIfAny(): void;
}

function createProblemList(): ProblemList {
  const problems: EvaluationError[] = [];
  return {
    async collect({ location }, step) {
      try {
        return await step();
      } catch (error) {
        if (error instanceof ConfigurationError) problems.push(...error.problems);
        else if (error instanceof EvaluationError && error.code !== 'internal') problems.push(locate(error, location));
        else throw error;
        return undefined;
      }
    },
    throwIfAny() {
      const [first, ...rest] = problems;
      if (first !== undefined) throw new ConfigurationError([first, ...rest]);
    },
  };
}

function locate(error: EvaluationError, location: EvaluationError['location']): EvaluationError {
  if (error.location !== undefined || location === undefined) return error;
  return new EvaluationError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    location,
    cause: error,
  });
}
