import { isFinal } from '../../../contracts/status.ts';
import type { RunDocument, RunSummaryDocument, Stet } from '../../../embedded/index.ts';
import type { Store } from '../../../storage/index.ts';
import { type Gate, type GateQuery, stages } from './gate.ts';
import { isOpen, type Model, nameTask, type RunModel, type TaskModel } from './model.ts';
import { computeExpectedMetrics } from './settings.ts';

/** What can be seen of a store: `list`, `show` of every run, and which results a look-up finds. */
export interface Observation {
  readonly listed: readonly RunSummaryDocument[];
  readonly shown: readonly RunDocument[];
  /** Ids of the task results that are the current ones of their keys. */
  readonly current: ReadonlySet<string>;
}

/** `runIds` in the order of the model's runs. */
export async function observe(reader: Stet, store: Store, runIds: readonly string[]): Promise<Observation> {
  const [listed, shown, records] = await Promise.all([
    reader.list({ limit: 1_000 }),
    Promise.all(runIds.map((id) => reader.show(id))),
    Promise.all(runIds.map((id) => store.results.listTaskResults(id))),
  ]);
  const current = records.flat().filter(({ isCurrent }) => isCurrent);
  return { listed, shown, current: new Set(current.map(({ taskResultId }) => taskResultId)) };
}

/** In what the queries that arrived are not what the model expects; empty when they are. */
export function compareQueries(model: Model, gate: Pick<Gate, 'queries'>): readonly string[] {
  const differences: string[] = [];
  const marks = new Set([...Object.keys(model.sent), ...gate.queries.map(({ mark }) => mark)]);
  for (const mark of marks) {
    for (const stage of stages) {
      const seen = gate.queries.filter((query) => query.mark === mark && query.stage === stage);
      expectEqual(differences, `${stage} queries of ${mark}`, seen.length, model.sent[mark]?.[stage] ?? 0);
      const held = seen.filter(({ state }) => state === 'held').length;
      expectEqual(differences, `held ${stage} queries of ${mark}`, held, countHeld(model, mark, stage));
    }
  }
  return differences;
}

/** Whether no waiting can bring the store to what the model says any more. */
export function isTooMuchSent(model: Model, gate: Pick<Gate, 'queries'>): boolean {
  const counts = new Map<string, number>();
  return gate.queries.some(({ mark, stage }) => {
    const count = (counts.get(`${mark} ${stage}`) ?? 0) + 1;
    counts.set(`${mark} ${stage}`, count);
    return count > (model.sent[mark]?.[stage] ?? 0);
  });
}

function countHeld(model: Model, mark: string, stage: GateQuery['stage']): number {
  return model.runs
    .filter((run) => run.mark === mark)
    .flatMap(({ tasks }) => tasks)
    .filter(({ phase }) => phase === stage)
    .reduce((sum, { inFlight }) => sum + inFlight, 0);
}

/** In what the visible results are not what the model says; empty when they are. */
export function compareResults(model: Model, { listed, shown, current }: Observation): readonly string[] {
  const differences: string[] = [];
  const ids = shown.flatMap(({ tasks }) => tasks.map(({ task_result: id }) => id));
  const names = new Map(
    model.runs.flatMap(({ tasks }) => tasks.map(nameTask)).map((name, index) => [ids[index], name]),
  );
  const newestFirst = [...shown].reverse().map(({ run }) => run);
  expectEqual(
    differences,
    'list',
    listed.map(({ run }) => run),
    newestFirst,
  );
  for (const [index, run] of model.runs.entries()) {
    const document = shown[index];
    if (document === undefined) continue;
    const line = listed.find((one) => one.run === document.run);
    compareRun(differences, run, document, line);
    for (const [position, task] of run.tasks.entries()) {
      const seen = document.tasks[position];
      if (seen === undefined) continue;
      const name = nameTask(task);
      expectEqual(differences, `${name} status`, seen.status, task.status);
      expectEqual(differences, `${name} current`, current.has(seen.task_result), task.isCurrent);
      if (task.status === 'running' || task.status === 'completed') {
        expectEqual(differences, `${name} reuse`, seen.reuse, task.reuse);
        expectEqual(differences, `${name} reused_from`, names.get(seen.reused_from ?? '') ?? null, task.source);
      }
      const standing =
        task.reuse === 'full'
          ? model.runs.flatMap(({ tasks }) => tasks).find((one) => nameTask(one) === task.source)
          : task;
      if (isFinal(task.status))
        compareEnded(differences, run, task, seen, standing !== undefined && standing.scores !== 'intact');
    }
  }
  return differences;
}

function compareRun(
  differences: string[],
  run: RunModel,
  document: RunDocument,
  line: RunSummaryDocument | undefined,
): void {
  const name = `run ${run.index}`;
  // Between its creation and its first activity a run is pending; both words mean that it is open.
  const seen = isFinal(document.status) ? document.status : 'running';
  expectEqual(differences, `${name} status`, seen, run.status);
  expectEqual(differences, `${name} status in list`, line?.status, document.status);
  expectEqual(differences, `${name} attempt`, document.attempt, run.attempt);
  expectEqual(differences, `${name} policy`, document.cache_policy, run.policy);
  expectEqual(differences, `${name} has_owner`, line?.has_owner, isOpen(run) && run.process !== null);
}

function compareEnded(
  differences: string[],
  run: RunModel,
  task: TaskModel,
  seen: RunDocument['tasks'][number],
  isDamaged: boolean,
): void {
  const name = nameTask(task);
  expectEqual(differences, `${name} why is empty`, seen.why?.length === 0, task.reuse === 'full');
  if (task.status === 'cancelled' || (task.status === 'failed' && task.reuse === null)) return;
  expectEqual(differences, `${name} errors`, seen.samples.errors, task.failedRows.length);
  if (!isDamaged) {
    expectEqual(differences, `${name} metrics`, seen.metrics, computeExpectedMetrics(task.settings, task.failedRows));
  }
  const code = task.status === 'failed' ? 'too-many-sample-errors' : null;
  expectEqual(differences, `${name} error`, seen.error?.code ?? null, code);
  if (task.reuse === 'full' && run.attempt === 1) expectEqual(differences, `${name} sent`, seen.model_queries.sent, 0);
}

function expectEqual(differences: string[], what: string, seen: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(seen), JSON.stringify(expected)];
  if (is !== should) differences.push(`${what}: ${is}, expected ${should}`);
}
