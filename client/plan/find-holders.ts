import type { Digest } from '../../contracts/digest.ts';
import type { Plan } from '../../evaluation/plan.ts';
import type { Finding } from '../../planning/look-up.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import type { ProcessRecord, RunRecord, TaskProgress } from '../../storage/run-log.ts';
import type { Store } from '../../storage/store.ts';

/** An open run that computes what a task wants: under `reuse` the task waits for it, and then looks again. */
export interface Holder {
  readonly result: TaskResultRecord;
  readonly run: RunRecord;
  /** What it will leave to stand. */
  readonly stands: 'all' | 'outputs';
  readonly hasOwner: boolean;
  /** Samples with an outcome, of each stage. */
  readonly done: Readonly<Record<TaskProgress['stage'], number>>;
}

/** For each task of a plan the run that it would wait for, if any. */
export async function findHolders(
  store: Store,
  plan: Plan,
  findings: readonly Finding[],
  isAlive: (process: ProcessRecord) => boolean,
): Promise<readonly (Holder | undefined)[]> {
  if (plan.cache_policy !== 'reuse') return plan.tasks.map(() => undefined);
  const open = plan.tasks.filter((_, index) => findings[index]?.decision.verdict !== 'full');
  const working =
    open.length === 0
      ? new Map<Digest, readonly TaskResultRecord[]>()
      : await store.results.findWorkingResults([...new Set(open.map((task) => task.solver_key))]);
  if (working.size === 0) return plan.tasks.map(() => undefined);
  const chosen = plan.tasks.map((task, index) => {
    const verdict = findings[index]?.decision.verdict ?? 'none';
    return verdict === 'full' ? undefined : choose(working.get(task.solver_key) ?? [], task.result_key, verdict);
  });
  const runIds = [...new Set(chosen.flatMap((result) => (result === undefined ? [] : [result.runId])))];
  const [runs, processes, progress] = await Promise.all([
    store.runs.findRuns(runIds),
    store.runs.listProcesses(),
    Promise.all(runIds.map((runId) => store.runs.listProgress(runId))), // those at work now are few
  ]);
  const alive = new Set(processes.filter(isAlive).map(({ processId }) => processId));
  return chosen.map((result, index) => {
    const run = runs.find(({ runId }) => runId === result?.runId);
    if (result === undefined || run === undefined) return undefined;
    const done = (stage: TaskProgress['stage']) =>
      progress.flat().find((entry) => entry.taskResultId === result.taskResultId && entry.stage === stage)?.done ?? 0;
    return {
      result,
      run,
      stands: result.resultKey === plan.tasks[index]?.result_key ? 'all' : 'outputs',
      hasOwner: run.workQueue !== null || (run.ownerId !== null && alive.has(run.ownerId)),
      done: { solve: done('solve'), score: done('score') },
    };
  });
}

/**
 * Whose lock the task would meet (design 4.1): work from scratch is held by solver key, work on solver outputs that stand
 * by result key.
 */
function choose(
  working: readonly TaskResultRecord[],
  resultKey: Digest,
  verdict: 'partial' | 'none',
): TaskResultRecord | undefined {
  const same = working.filter((result) => result.resultKey === resultKey);
  if (verdict === 'partial') return same.find(({ reuse }) => reuse !== 'none');
  const others = working.filter(({ reuse }) => reuse !== 'partial');
  return same.find(({ reuse }) => reuse !== 'partial') ?? others[0];
}
