import type { ScheduleRecord } from '../../storage/schedule-log.ts';
import type { Store } from '../../storage/store.ts';
import { makeRunDocument } from '../make-run-document.ts';
import type { ScheduleDocument, ScheduledRunDocument, ScheduleSummaryDocument } from './schedule-documents.ts';

const shownRuns = 10;
const shownFirings = 5;

export async function makeScheduleSummary(store: Store, schedule: ScheduleRecord): Promise<ScheduleSummaryDocument> {
  const [last] = await listRuns(store, schedule.name, 1);
  return { ...describeSpec(schedule), last_run: last ?? null };
}

/** @param temporal - What Temporal says of it; undefined where it does not know it. */
export async function makeScheduleDocument(
  store: Store,
  schedule: ScheduleRecord,
  temporal: { readonly next: readonly string[]; readonly skipped: number; readonly missed: number } | undefined,
  kind: ScheduleDocument['temporal'],
): Promise<ScheduleDocument> {
  const { name, definition, baseline, createdAt } = schedule;
  const { lastFailure } = definition;
  return {
    ...describeSpec(schedule),
    jitter_ms: definition.jitterMs,
    overlap: definition.overlap,
    catch_up_ms: definition.catchUpMs,
    file: definition.file,
    tracks: definition.tracks !== null,
    alerts: definition.alerts,
    baseline,
    notify: definition.notify?.url ?? null,
    created_at: createdAt,
    temporal: kind,
    next: definition.isPaused ? [] : (temporal?.next ?? []).slice(0, shownFirings),
    skipped: temporal?.skipped ?? 0,
    missed: temporal?.missed ?? 0,
    last_failure: lastFailure === null ? null : { scheduled_at: lastFailure.scheduledAt, error: lastFailure.error },
    runs: await listRuns(store, name, shownRuns),
    undelivered: (await store.schedules.listUndelivered(name)).map((notification) => ({
      notification: notification.notificationId,
      kind: notification.kind,
      run: notification.runId,
      attempts: notification.attempts,
      next_attempt_at: notification.nextAttemptAt,
      error: notification.error,
    })),
  };
}

function describeSpec({ name, definition }: ScheduleRecord): Omit<ScheduleSummaryDocument, 'last_run'> {
  const { timing } = definition;
  return {
    schedule: name,
    evaluation: definition.evaluationKey,
    cache_policy: definition.policy,
    cron: 'cron' in timing ? timing.cron : null,
    every_ms: 'everyMs' in timing ? timing.everyMs : null,
    timezone: definition.timezone,
    paused: definition.isPaused,
  };
}

async function listRuns(store: Store, name: string, limit: number): Promise<ScheduledRunDocument[]> {
  const runs: ScheduledRunDocument[] = [];
  for (const runId of await store.schedules.listRuns(name, { limit })) {
    const document = await makeRunDocument(store, await store.runs.getRun(runId));
    runs.push({
      run: runId,
      status: document.status,
      scheduled_at: document.scheduled_at ?? null,
      started_at: document.started_at,
      ended_at: document.ended_at,
      tasks: document.tasks.map(({ key, status, metrics }) => ({ key, status, metrics })),
      alerts: document.alerts ?? null,
    });
  }
  return runs;
}
