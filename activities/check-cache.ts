import type { StoreActivities } from '../contracts/activities.ts';
import type { Verdict } from '../contracts/cache-policy.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import { noTelemetry, type Telemetry } from '../contracts/telemetry.ts';
import type { PlannedTask } from '../contracts/workflow-inputs.ts';
import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import { restateUsage } from '../evaluation/usage/measure-usage.ts';
import { decodeUsage } from '../evaluation/usage/stored-usage.ts';
import { explainFinding } from '../planning/explain-findings.ts';
import { type Finding, lookUp } from '../planning/look-up.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { Store } from '../storage/store.ts';
import type { PlanCache } from './plan-cache.ts';
import { listAccountedModels } from './segment-meter.ts';

export interface CheckCacheDependencies {
  readonly store: Store;
  readonly plans: PlanCache;
  readonly now: () => number;
  readonly telemetry?: Telemetry | undefined;
}

/** What somebody removed between look-up and record is looked up again; more often than this is a bug. */
const maxDecisions = 20;

/**
 * The two cache checks: the shortcut for all specifications, and the one under the lock that binds. To an earlier attempt
 * of a task result everything is `full`: for it nothing is left to do.
 */
export function createCheckCache({
  store,
  plans,
  now,
  telemetry = noTelemetry,
}: CheckCacheDependencies): Pick<StoreActivities, 'checkReuse' | 'decideReuse'> {
  return {
    async checkReuse({ planRef, policy, tasks }) {
      const plan = await plans.getPlan(planRef);
      const records = new Map(
        (await store.results.findTaskResults(tasks.map(getId))).map((record) => [record.taskResultId, record]),
      );
      const verdicts = new Map<string, Verdict>();
      let open = tasks.filter((task) => !isOver(task, records.get(task.taskResultId)));
      for (let round = 0; open.length > 0; round++) {
        refuseEndless(round);
        const again: PlannedTask[] = [];
        const findings = await lookUp(store, plan, policy, open, now());
        for (const [index, task] of open.entries()) {
          const found = findings[index];
          if (found === undefined) continue;
          const record = records.get(task.taskResultId);
          const finding = await preferOwnWork(store, record, found);
          if (!(await recordIfFull(store, plan, task, finding))) again.push(task);
          else {
            verdicts.set(task.taskResultId, preferDecided(record, finding.decision.verdict));
            // The others are decided under the lock.
            if (finding.decision.verdict === 'full') telemetry.reuseDecided('full');
          }
        }
        open = again;
      }
      return tasks.map((task) => verdicts.get(task.taskResultId) ?? 'full');
    },

    async decideReuse({ planRef, policy, task, expected }) {
      const { taskResultId, attempt } = task;
      for (let round = 0; ; round++) {
        refuseEndless(round);
        const [record] = await store.results.findTaskResults([taskResultId]);
        if (isOver(task, record)) return 'full';
        // Taken up again, or continued: what was decided and recorded stands, also when something was published since.
        if (record?.status === 'running' && record.reuse !== null) return record.reuse;
        const { plan, task: specification } = await plans.getTask(planRef, task.key);
        const [found] = await lookUp(store, plan, policy, [task], now());
        if (found === undefined) throw new EvaluationError('internal', `No finding for task "${task.key}".`);
        const finding = await preferOwnWork(store, record, found);
        const { decision, warnings } = finding;
        if (!(await recordIfFull(store, plan, task, finding))) continue;
        if (decision.verdict === 'full') telemetry.reuseDecided('full');
        if (decision.verdict === 'full' || decision.verdict !== expected) return decision.verdict;
        const why =
          record === undefined || record.mends === null
            ? await explain(store, plan, specification, finding)
            : await explainMending(store, record.mends);
        const running = {
          verdict: decision.verdict,
          ...(decision.verdict === 'partial' ? { sourceId: decision.source.taskResultId } : {}),
          why,
          warnings,
        };
        if (await store.results.recordRunning(taskResultId, running, attempt)) {
          telemetry.reuseDecided(decision.verdict);
          return decision.verdict;
        }
      }
    },
  };
}

function getId(task: PlannedTask): string {
  return task.taskResultId;
}

/** It has ended, or another attempt is at work. */
function isOver({ attempt }: PlannedTask, record: TaskResultRecord | undefined): boolean {
  if (record === undefined) return false;
  return isFinal(record.status) || (attempt !== undefined && record.attempt !== attempt);
}

/** Under a Temporal that has forgotten the run: what the store recorded of this attempt goes on. */
function preferDecided(record: TaskResultRecord | undefined, found: Verdict): Verdict {
  return found !== 'full' && record?.status === 'running' ? (record.reuse ?? found) : found;
}

function refuseEndless(round: number): void {
  if (round < maxDecisions) return;
  throw new EvaluationError('internal', `A result was found and lost ${maxDecisions} times in a row.`);
}

/**
 * A run that is resumed goes on with its own solver outputs once it has scored some: those of another result would have
 * all of them judged again. Before that, whatever stands elsewhere saves the rest of its queries.
 */
async function preferOwnWork(store: Store, record: TaskResultRecord | undefined, finding: Finding): Promise<Finding> {
  const { decision } = finding;
  if (decision.verdict !== 'partial' || record === undefined || record.attempt === 1 || record.reuse !== 'none') {
    return finding;
  }
  const scored = await store.results.listSegments(record.taskResultId, 'score');
  return scored.length === 0 ? finding : { ...finding, decision: { verdict: 'none', rejections: decision.rejections } };
}

/** False where the result that would stand was removed meanwhile. */
async function recordIfFull(
  store: Store,
  plan: Plan,
  task: PlannedTask,
  { decision, warnings }: Finding,
): Promise<boolean> {
  if (decision.verdict !== 'full') return true;
  const { taskResultId, attempt } = task;
  const { source } = decision;
  const specification = plan.tasks.find(({ key }) => key === task.key);
  const usage = decodeUsage(source.usage);
  const restated = specification === undefined ? usage : restateUsage(usage, listAccountedModels(plan, specification));
  const alias = { sourceId: source.taskResultId, warnings, usage: restated };
  return store.results.recordAlias(taskResultId, alias, attempt);
}

async function explain(store: Store, plan: Plan, task: PlannedTaskSpecification, finding: Finding) {
  const why = await explainFinding(store.results, plan, task, finding);
  return why === null ? null : why.map((reason) => ({ ...reason }));
}

/** Of a task result that tries the errors of a completed one again, which is no miss. */
async function explainMending(store: Store, sourceId: string) {
  const [source] = await store.results.findTaskResults([sourceId]);
  if (source === undefined) return null;
  const { errors, total } = source.samples;
  const sentence = `${errors} of ${total} samples had failed in run ${source.runId}; they are tried again, the others stand.`;
  return [{ category: 'errors', sentence }];
}
