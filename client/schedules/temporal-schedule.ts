import { type ScheduleHandle, ScheduleNotFoundError, type ScheduleOptions } from '@temporalio/client';
import { makeEvaluationWorkflowId, makeScheduleId, makeStoreQueue } from '../../contracts/ids.ts';
import type { OverlapPolicy } from '../../contracts/schedules.ts';
import { type ScheduledEvaluationInput, scheduledEvaluationWorkflowName } from '../../contracts/workflow-inputs.ts';
import type { ScheduleRecord } from '../../storage/schedule-log.ts';
import { askTemporal } from '../ask-temporal.ts';
import type { Session } from '../host.ts';

/** Temporal's words for what happens to a firing while the one before runs. */
export const temporalOverlaps = {
  skip: 'SKIP',
  'buffer-one': 'BUFFER_ONE',
  'buffer-all': 'BUFFER_ALL',
  'cancel-other': 'CANCEL_OTHER',
  'allow-all': 'ALLOW_ALL',
} as const satisfies Record<OverlapPolicy, string>;

export function getScheduleHandle({ client, storeId }: Session, name: string): ScheduleHandle {
  return client.schedule.getHandle(makeScheduleId({ storeId, name }));
}

/**
 * Makes Temporal's part of a schedule.
 *
 * @throws ScheduleAlreadyRunning of Temporal's library where there is one of that id.
 */
export async function createTemporalSchedule(session: Session, { name, definition }: ScheduleRecord): Promise<void> {
  const { storeId, workflowTaskTimeoutMs } = session;
  const { timing, timezone, jitterMs, overlap, catchUpMs, isPaused, tracks, evaluationKey } = definition;
  const input: ScheduledEvaluationInput = { storeId, schedule: name, tracks: tracks !== null, workflowTaskTimeoutMs };
  const options: ScheduleOptions = {
    scheduleId: makeScheduleId({ storeId, name }),
    spec: {
      ...('cron' in timing ? { cronExpressions: [timing.cron] } : { intervals: [{ every: timing.everyMs }] }),
      timezone,
      jitter: jitterMs,
    },
    action: {
      type: 'startWorkflow',
      workflowType: scheduledEvaluationWorkflowName,
      args: [input],
      taskQueue: makeStoreQueue(storeId),
      // Temporal adds the time.
      workflowId: makeEvaluationWorkflowId({ storeId, runId: name }),
      workflowTaskTimeout: workflowTaskTimeoutMs,
      staticSummary: `evaluation ${evaluationKey}, schedule ${name}`.slice(0, 200),
    },
    // Left to itself Temporal would start everything that was missed in a year.
    policies: { overlap: temporalOverlaps[overlap], catchupWindow: catchUpMs, pauseOnFailure: false },
    state: { paused: isPaused },
  };
  await askTemporal(() => session.client.schedule.create(options));
}

/** What Temporal says of a schedule; undefined where it does not know it: it was removed, or its database was lost. */
export async function describeTemporalSchedule(session: Session, name: string) {
  try {
    const { info } = await askTemporal(() => getScheduleHandle(session, name).describe());
    return {
      next: info.nextActionTimes.map((time) => time.toISOString()),
      skipped: info.numActionsSkippedOverlap,
      missed: info.numActionsMissedCatchupWindow,
    };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** False where Temporal has none. */
export async function deleteTemporalSchedule(session: Session, name: string): Promise<boolean> {
  try {
    await askTemporal(() => getScheduleHandle(session, name).delete());
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}
