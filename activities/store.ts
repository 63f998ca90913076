import type { Client } from '@temporalio/client';
import type { ReferredError, StoreActivities } from '../contracts/activities.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import { judgeStoredResult } from '../evaluation/reuse/usability.ts';
import { findDamage, makeReuseBounds } from '../planning/look-up.ts';
import type { RecordedError } from '../storage/result-index.ts';
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
    async publishTaskResult({ taskResultId, planRef }) {
      const [record] = await store.results.findTaskResults([taskResultId]);
      if (record === undefined) throw new EvaluationError('internal', `No task result ${taskResultId} to publish.`);
      const plan = await plans.getPlan(planRef);
      const current = (await store.results.findCurrentResults([record.resultKey])).get(record.resultKey);
      const isCurrentUsable =
        current !== undefined &&
        judgeStoredResult(current, await findDamage(store, current), makeReuseBounds(plan, now())).stands === 'all';
      await store.results.publish(taskResultId, { replaceCurrent: !isCurrentUsable });
    },

    async recordTaskResultEnd({ taskResultId, status, error }) {
      return store.results.recordEnd(taskResultId, { status, error: await readError(store, error) });
    },

    async settleTaskResult({ taskResultId, workflowId }) {
      const [record] = await store.results.findTaskResults([taskResultId]);
      if (record !== undefined && isFinal(record.status)) return record.status;
      const { status, error } = await findClosedStatus(client, workflowId);
      return store.results.recordEnd(taskResultId, { status, error });
    },

    recordRunStarted({ runId }) {
      return store.runs.recordRunStarted(runId);
    },

    async recordRunEnd({ runId, failed, error = null }) {
      return store.runs.recordRunEnd(runId, { failed, error: await readError(store, error) });
    },
  };
}

/** The error with its text, which came by reference. */
async function readError(store: Store, error: ReferredError | null): Promise<RecordedError | null> {
  if (error === null) return null;
  const { code, message, text } = error;
  if (text === undefined) return { code, message };
  const bytes = await store.content.get(text).catch(() => undefined);
  return { code, message: bytes === undefined ? message : new TextDecoder().decode(bytes) };
}
