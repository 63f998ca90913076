import { ConfigurationError, EvaluationError } from '../../contracts/evaluation-error.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import type { Plan, PlannedTaskSpecification } from '../../evaluation/plan.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { buildPlan, findUsedModels } from '../../planning/build-plan.ts';
import { checkSecrets, type ResolvedRun } from '../../planning/run-file/index.ts';
import { createPassingContentStore, type PassingContentStore } from '../../storage/passing-content-store.ts';
import type { DirectModels, Host } from '../host.ts';
import type { RunContext } from '../run-context.ts';
import type { PlanOptions } from '../stet.ts';

/** A run waits for hours; somebody who looks on wants to know. */
const longestPatienceMs = 30_000;
const outageLookMs = 1_000;

export type TryPlanOptions = Pick<PlanOptions, 'set' | 'numSamples' | 'envFile'>;

/** One task specification of a run file, ready to be worked on, with nothing of it in any store. */
export interface PreparedTry extends AsyncDisposable {
  readonly plan: Plan;
  readonly task: PlannedTaskSpecification;
  readonly content: PassingContentStore;
  readonly models: DirectModels;
  readonly warnings: readonly string[];
}

/**
 * @param chooseTask - Which of the file's specifications it is; gives the key.
 * @param part - Which models are going to be asked: their secrets have to be there.
 */
export async function prepareTry(
  context: RunContext,
  source: string | RunFileInput,
  options: TryPlanOptions & { readonly part: 'all' | 'scoring' },
  chooseTask: (keys: readonly string[]) => string,
): Promise<PreparedTry> {
  const { host } = context;
  const resolved = await context.resolve(source, options);
  const narrowed = keepOneTask(resolved, chooseTask);
  const content = createPassingContentStore();
  try {
    const { plan, warnings } = await buildPlan(narrowed, {
      content,
      datasets: noDatasetCache,
      modules: host.modules,
      segmentSize: host.segmentSize,
      verifyData: false,
    });
    const [task] = plan.tasks;
    if (task === undefined) throw new EvaluationError('internal', 'The plan has lost its task.');
    const judges = task.definition.scorers.flatMap((scorer) => ('model_key' in scorer ? [scorer.model_key] : []));
    checkSecrets(narrowed, options.part === 'all' ? findUsedModels(narrowed) : judges);
    const models = await host.openModels({
      models: Object.values(plan.models),
      content,
      environment: resolved.environment,
      outagePatienceMs: Math.min(longestPatienceMs, 1_000 * plan.limits.outage_patience_s),
    });
    const stopWatching = reportOutages(models, host);
    return {
      plan,
      task,
      content,
      models,
      warnings,
      async [Symbol.asyncDispose]() {
        stopWatching();
        await models.close();
        await content[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await content[Symbol.asyncDispose]();
    throw error;
  }
}

/** @throws {EvaluationError} `usage` with the nearest key. */
export function getKey(wanted: string, keys: readonly string[]): string {
  if (keys.includes(wanted)) return wanted;
  throw new EvaluationError('usage', `The run file has no task specification ${JSON.stringify(wanted)}.`, {
    hint: suggestName(wanted, keys) ?? 'It has none at all.',
  });
}

function keepOneTask(resolved: ResolvedRun, chooseTask: (keys: readonly string[]) => string): ResolvedRun {
  if (resolved.evaluation !== null && resolved.tasks.length === 0) {
    throw new ConfigurationError([
      new EvaluationError('config-invalid', 'The evaluation has no task specification, so there is nothing to try.', {
        hint: 'Add one under `evaluation.task_specifications`.',
        ...(resolved.file === null ? {} : { location: { file: resolved.file } }),
      }),
    ]);
  }
  const key = resolved.evaluation === null ? undefined : chooseTask(resolved.tasks.map((task) => task.key));
  return { ...resolved, tasks: resolved.tasks.filter((task) => task.key === key) };
}

const noDatasetCache = {
  findFileDigest: async () => undefined,
  recordFileDigest: async () => {},
  findSelection: async () => undefined,
  recordSelection: async () => {},
};

/** Says once of each trouble what is waited for. */
function reportOutages(models: DirectModels, host: Host): () => void {
  const told = new Set<string>();
  const look = () => {
    const outages = models.listOutages();
    for (const { modelVersion, text } of outages) {
      if (told.has(modelVersion)) continue;
      told.add(modelVersion);
      host.onNotice(`Waiting for ${text}; for ${longestPatienceMs / 1_000} s at most.`);
    }
  };
  const timer = setInterval(look, outageLookMs);
  return () => clearInterval(timer);
}
