import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import { toCanonicalJson } from '../../evaluation/fingerprint/canonical-json.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import type { Plan, PlannedTaskSpecification } from '../../evaluation/plan.ts';
import type { RunRecord } from '../../storage/run-log.ts';
import type { Store } from '../../storage/store.ts';

/** A run with its plan, and the one task specification that is meant, where it is one. */
export interface ChosenRun {
  readonly run: RunRecord;
  readonly plan: Plan;
  readonly task: PlannedTaskSpecification | undefined;
}

/** A task specification of a run; `value` is that of what specifications of one run differ in. */
export interface ChosenTask {
  readonly run: RunRecord;
  readonly task: PlannedTaskSpecification;
  readonly value: JsonValue;
}

export type TaskPair = readonly [first: ChosenTask, second: ChosenTask];

/**
 * The run, or the task of it, that `RUN` or `RUN/TASK` means. A label may hold a slash, a key may not.
 *
 * @throws {EvaluationError} `run-not-found`, `run-ambiguous`; `usage` for a task that it does not have.
 */
export async function chooseRun(store: Store, reference: string): Promise<ChosenRun> {
  const slash = reference.lastIndexOf('/');
  const [run, key] =
    slash === -1
      ? [await store.runs.getRun(reference), undefined]
      : [await findWhole(store, reference), reference.slice(slash + 1)];
  if (run !== undefined) return { run, plan: await readPlan(store, run), task: undefined };
  const named = await store.runs.getRun(reference.slice(0, slash));
  const plan = await readPlan(store, named);
  return { run: named, plan, task: getTask(plan, named, key ?? '') };
}

/** A reference with a slash that is a run as it stands. */
async function findWhole(store: Store, reference: string): Promise<RunRecord | undefined> {
  try {
    return await store.runs.getRun(reference);
  } catch (error) {
    if (error instanceof EvaluationError && error.code === 'run-not-found') return undefined;
    throw error;
  }
}

async function readPlan(store: Store, run: RunRecord): Promise<Plan> {
  return JSON.parse(new TextDecoder().decode(await store.content.get(run.plan))) as Plan;
}

function getTask({ tasks }: Plan, run: RunRecord, key: string): PlannedTaskSpecification {
  const task = tasks.find((candidate) => candidate.key === key);
  if (task !== undefined) return task;
  const hint = suggestName(
    key,
    tasks.map((candidate) => candidate.key),
  );
  throw new EvaluationError('usage', `Run ${run.runId} has no task "${key}".`, hint === undefined ? {} : { hint });
}

/** Tasks of two runs by their keys; where a task is named on one side only, the other one's of that key. */
export function pairTasks(
  first: ChosenRun,
  second: ChosenRun,
): { readonly pairs: readonly TaskPair[]; readonly onlyInFirst: string[]; readonly onlyInSecond: string[] } {
  const choose = (run: RunRecord, task: PlannedTaskSpecification): ChosenTask => ({ run, task, value: null });
  const named = first.task ?? second.task;
  if (named !== undefined) {
    const [before, after] = [
      first.task ?? getTask(first.plan, first.run, named.key),
      second.task ?? getTask(second.plan, second.run, named.key),
    ];
    return { pairs: [[choose(first.run, before), choose(second.run, after)]], onlyInFirst: [], onlyInSecond: [] };
  }
  const others = new Map(second.plan.tasks.map((task) => [task.key, task]));
  const pairs = first.plan.tasks.flatMap((task): TaskPair[] => {
    const other = others.get(task.key);
    return other === undefined ? [] : [[choose(first.run, task), choose(second.run, other)]];
  });
  const paired = new Set(pairs.map(([{ task }]) => task.key));
  const listOthers = ({ plan }: ChosenRun) => plan.tasks.map(({ key }) => key).filter((key) => !paired.has(key));
  if (pairs.length === 0) {
    throw new EvaluationError(
      'usage',
      `Runs ${first.run.runId} and ${second.run.runId} have no task with the same key.`,
      { hint: `Name one of each, such as ${first.run.runId}/${first.plan.tasks[0]?.key ?? 'TASK'}.` },
    );
  }
  return { pairs, onlyInFirst: listOthers(first), onlyInSecond: listOthers(second) };
}

/**
 * Tasks of one run that differ only in the model, or in one parameter, each with the first of them.
 *
 * @throws {EvaluationError} `usage` where there are none.
 */
export function pairTasksBy({ run, plan, task: only }: ChosenRun, by: string): readonly TaskPair[] {
  const groups = new Map<string, ChosenTask[]>();
  for (const task of plan.tasks) {
    const value = readValue(task, by);
    if (value === undefined) continue;
    const rest = describeRest(task, by);
    groups.set(rest, [...(groups.get(rest) ?? []), { run, task, value }]);
  }
  const pairs = [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : others.map((other): TaskPair => [first, other]),
  );
  const wanted = only === undefined ? pairs : pairs.filter((pair) => pair.some(({ task }) => task.key === only.key));
  if (wanted.length > 0) return wanted;
  const names = ['model', ...new Set(plan.tasks.flatMap((task) => Object.keys(task.task_config ?? {})))];
  throw new EvaluationError(
    'usage',
    only === undefined
      ? `Run ${run.runId} has no tasks that differ only in ${by === 'model' ? 'the model' : `"${by}"`}.`
      : `Run ${run.runId} has no task that differs from "${only.key}" only in ${by === 'model' ? 'the model' : `"${by}"`}.`,
    { hint: `--by takes "model" or a parameter of the tasks; there are ${names.join(', ')}.` },
  );
}

function readValue(task: PlannedTaskSpecification, by: string): JsonValue | undefined {
  if (by === 'model') return task.model_key;
  const { task_config: config = {} } = task;
  return Object.hasOwn(config, by) ? config[by] : undefined;
}

/** All that makes a specification but the one thing. */
function describeRest(
  { task_key, task_config: config = {}, model_key, run_config }: PlannedTaskSpecification,
  by: string,
) {
  const { [by]: _left, ...others } = config;
  const rest = by === 'model' ? { config } : { config: others, model: model_key ?? null };
  return toCanonicalJson({ task: task_key, run_config: { ...run_config }, ...rest });
}
