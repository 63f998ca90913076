import type { Client } from '@temporalio/client';
import type { ReferredError, StoreActivities } from '../contracts/activities.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import type { Plan } from '../evaluation/plan.ts';
import { judgeStoredResult } from '../evaluation/reuse/usability.ts';
import { findDamage, makeReuseBounds } from '../planning/look-up.ts';
import type { JudgedResult, RecordedError, TaskResultRecord } from '../storage/result-index.ts';
import type { Store } from '../storage/store.ts';
import { findClosedStatus } from './find-closed-status.ts';
import type { PlanCache } from './plan-cache.ts';

export interface StoreActivityDependencies {
  readonly store: Store;
  readonly plans: PlanCache;
  readonly client: Client;
  readonly now: () => number;
}

/** Publication and the records of how things ended. Each is idempotent: a replay or a zombie changes nothing. */
export function createStoreRecords({
  store,
  plans,
  client,
  now,
}: StoreActivityDependencies): Omit<StoreActivities, 'checkReuse' | 'decideReuse'> {
  return {
    async publishTaskResult({ taskResultId, attempt, planRef }) {
      const [record] = await store.results.findTaskResults([taskResultId]);
      if (record === undefined) throw new EvaluationError('internal', `No task result ${taskResultId} to publish.`);
      if (isFinal(record.status)) return;
      const plan = await plans.getPlan(planRef);
      // Looking at blobs takes its time, in which another run may publish: that one is judged, too.
      let isPublished = false;
      while (!isPublished) {
        const current = (await store.results.findCurrentResults([record.resultKey])).get(record.resultKey);
        const judged = current === undefined ? null : await judge(current, plan);
        isPublished = await store.results.publish(taskResultId, judged, attempt);
      }
    },

    async recordTaskResultEnd({ taskResultId, attempt, status, error }) {
      return store.results.recordEnd(taskResultId, { status, error: await readError(store, error) }, attempt);
    },

    async settleTaskResult({ taskResultId, attempt, workflowId, executionId }) {
      const [record] = await store.results.findTaskResults([taskResultId]);
      if (record !== undefined && isFinal(record.status)) return record.status;
      const end =
        executionId === null
          ? ({ status: 'cancelled', error: null } as const)
          : await findClosedStatus(client, workflowId, executionId);
      return store.results.recordEnd(taskResultId, end, attempt);
    },

    async recordRunStarted({ runId, attempt }) {
      await store.runs.recordRunStarted(runId, attempt);
      const { pausedAt } = await store.runs.getRun(runId);
      return { pausedAt };
    },

    async recordRunPaused({ runId, isPaused }) {
      const { pausedAt } = await store.runs.getRun(runId);
      if ((pausedAt !== null) === isPaused) return pausedAt;
      const wanted = isPaused ? new Date(now()).toISOString() : null;
      return (await store.runs.recordPaused(runId, wanted)) ? wanted : null;
    },

    async recordRunEnd({ runId, attempt, failed, error = null }) {
      const by = attempt === undefined ? {} : { attempt };
      const status = await store.runs.recordRunEnd(runId, { failed, error: await readError(store, error), ...by });
      const taskResults = await store.results.listTaskResults(runId);
      return { status, errors: taskResults.reduce((sum, { samples }) => sum + samples.errors, 0) };
    },
  };

  async function judge(current: TaskResultRecord, plan: Plan): Promise<JudgedResult> {
    const { taskResultId } = current;
    const { stands } = judgeStoredResult(current, await findDamage(store, current), makeReuseBounds(plan, now()));
    return { taskResultId, isUsable: stands === 'all' };
  }
}

/** The error with its text, which came by reference. */
async function readError(store: Store, error: ReferredError | null): Promise<RecordedError | null> {
  if (error === null) return null;
  const { code, message, text } = error;
  if (text === undefined) return { code, message };
  const bytes = await store.content.get(text).catch(() => undefined);
  return { code, message: bytes === undefined ? message : new TextDecoder().decode(bytes) };
}
