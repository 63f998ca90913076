import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import { getSolverKind } from '../evaluation/solvers/index.ts';
import type { BuiltPlan } from '../planning/build-plan.ts';
import { explainFinding, type Finding, lookUp } from '../planning/look-up.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { Store } from '../storage/store.ts';
import { sumCounts } from './make-run-document.ts';
import type { PlanDocument, PlanTaskDocument, QueryCounts } from './run-document.ts';

/** What a run of this plan would find and send now; changes nothing. Without a store nothing is found. */
export async function makePlanDocument(
  { plan, planDigest, warnings }: BuiltPlan,
  store: Store | undefined,
  nowMs: number,
): Promise<PlanDocument> {
  const lookups = plan.tasks.map((task) => ({ solverKey: task.solver_key, resultKey: task.result_key }));
  const findings: readonly (Finding | undefined)[] =
    store === undefined ? [] : await lookUp(store, plan, plan.cache_policy, lookups, nowMs);
  const tasks: PlanTaskDocument[] = [];
  const wanted = new Set<string>();
  for (const [index, task] of plan.tasks.entries()) {
    // A twin, or a sibling of the same solver key, stands on what the first one is about to compute.
    const isTwin = plan.cache_policy === 'reuse' && wanted.has(task.result_key);
    const isSibling = plan.cache_policy === 'reuse' && wanted.has(task.solver_key);
    wanted.add(task.result_key).add(task.solver_key);
    tasks.push(await makeTask(plan, task, findings[index], store, isTwin ? 'twin' : isSibling ? 'sibling' : 'first'));
  }
  return {
    evaluation: plan.evaluation.key,
    cache_policy: plan.cache_policy,
    plan_digest: planDigest,
    model_queries: sumCounts(tasks.map((task) => task.model_queries)),
    tasks,
    warnings,
  };
}

async function makeTask(
  plan: Plan,
  task: PlannedTaskSpecification,
  finding: Finding | undefined,
  store: Store | undefined,
  place: 'first' | 'twin' | 'sibling',
): Promise<PlanTaskDocument> {
  const decision = finding?.decision ?? { verdict: 'none' as const, rejections: [] };
  const source: TaskResultRecord | undefined = decision.verdict === 'none' ? undefined : decision.source;
  const why =
    store === undefined || finding === undefined ? null : await explainFinding(store.results, plan, task, finding);
  return {
    key: task.key,
    task_key: task.task_key,
    solver_key: task.solver_key,
    result_key: task.result_key,
    reuse: decision.verdict,
    reused_from: source?.taskResultId ?? null,
    reused_from_run: source?.runId ?? null,
    reused_at: source === undefined ? null : decision.verdict === 'full' ? source.endedAt : source.solvedAt,
    samples: { total: task.dataset.count },
    trials: task.run_config.num_trials,
    model_queries: expectQueries(task, decision.verdict, place),
    why,
    warnings: finding?.warnings ?? [],
  };
}

/** Queries that one sample needs without errors, retries and re-asks. */
export function countQueriesOfSample({ definition, run_config: { num_trials: trials } }: PlannedTaskSpecification): {
  readonly solver: number;
  readonly judges: number;
} {
  return {
    solver: getSolverKind(definition.solver.type).usesModel ? trials : 0,
    judges: trials * definition.scorers.filter((scorer) => 'model_key' in scorer).length,
  };
}

/** Queries of a run without errors, retries and re-asks: one per sample and trial for the solver and for each judge. */
function expectQueries(
  task: PlannedTaskSpecification,
  verdict: PlanTaskDocument['reuse'],
  place: 'first' | 'twin' | 'sibling',
): QueryCounts {
  const perSample = countQueriesOfSample(task);
  const solver = task.dataset.count * perSample.solver;
  const judges = task.dataset.count * perSample.judges;
  const standsFully = verdict === 'full' || place === 'twin';
  const solverStands = standsFully || verdict === 'partial' || place === 'sibling';
  const sent = (solverStands ? 0 : solver) + (standsFully ? 0 : judges);
  return { sent, retried: 0, saved: solver + judges - sent };
}
