import type { StoreActivities } from '../contracts/activities.ts';
import type { Verdict } from '../contracts/cache-policy.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import type { PlannedTask } from '../contracts/workflow-inputs.ts';
import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import { explainFinding, type Finding, lookUp } from '../planning/look-up.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { Store } from '../storage/store.ts';
import type { PlanCache } from './plan-cache.ts';

export interface CheckCacheDependencies {
  readonly store: Store;
  readonly plans: PlanCache;
  readonly now: () => number;
}

/** The two cache checks: the shortcut for all specifications, and the one under the lock that binds. */
export function createCheckCache({
  store,
  plans,
  now,
}: CheckCacheDependencies): Pick<StoreActivities, 'checkReuse' | 'decideReuse'> {
  return {
    async checkReuse({ planRef, policy, tasks }) {
      const plan = await plans.getPlan(planRef);
      const records = new Map(
        (await store.results.findTaskResults(tasks.map(getId))).map((record) => [record.taskResultId, record]),
      );
      const open = tasks.filter((task) => !isEnded(records.get(task.taskResultId)));
      const findings = await lookUp(store, plan, policy, open, now());
      const verdicts = new Map<string, Verdict>();
      for (const [index, task] of open.entries()) {
        const finding = findings[index];
        if (finding === undefined) continue;
        verdicts.set(task.taskResultId, finding.decision.verdict);
        await recordIfFull(store, task, finding);
      }
      return tasks.map((task) => verdicts.get(task.taskResultId) ?? 'full');
    },

    async decideReuse({ planRef, policy, task, expected }) {
      const { taskResultId } = task;
      const [record] = await store.results.findTaskResults([taskResultId]);
      if (isEnded(record)) return 'full';
      // Taken up again, or continued: what was decided and recorded stands, also when something was published since.
      if (record?.status === 'running' && record.reuse === expected) return expected;
      const { plan, task: specification } = await plans.getTask(planRef, task.key);
      const [finding] = await lookUp(store, plan, policy, [task], now());
      if (finding === undefined) throw new EvaluationError('internal', `No finding for task "${task.key}".`);
      const { decision, warnings } = finding;
      await recordIfFull(store, task, finding);
      if (decision.verdict === 'full' || decision.verdict !== expected) return decision.verdict;
      await store.results.recordRunning(taskResultId, {
        verdict: decision.verdict,
        ...(decision.verdict === 'partial' ? { sourceId: decision.source.taskResultId } : {}),
        why: await explain(store, plan, specification, finding),
        warnings,
      });
      return decision.verdict;
    },
  };
}

function getId(task: PlannedTask): string {
  return task.taskResultId;
}

function isEnded(record: TaskResultRecord | undefined): boolean {
  return record !== undefined && isFinal(record.status);
}

async function recordIfFull(store: Store, task: PlannedTask, { decision, warnings }: Finding): Promise<void> {
  if (decision.verdict !== 'full') return;
  await store.results.recordAlias(task.taskResultId, { sourceId: decision.source.taskResultId, warnings });
}

async function explain(store: Store, plan: Plan, task: PlannedTaskSpecification, finding: Finding) {
  const why = await explainFinding(store.results, plan, task, finding);
  return why === null ? null : why.map((reason) => ({ ...reason }));
}
