import { type AlertFinding, isRaised } from '../../contracts/alert-finding.ts';
import { type NotificationKind } from '../../contracts/schedules.ts';
import type { Status } from '../../contracts/status.ts';
import { makeRunNotificationId, type ScheduleRecord } from '../../storage/schedule-log.ts';
import type { Store } from '../../storage/store.ts';
import { makeRunDocument } from '../make-run-document.ts';
import type { TaskDocument } from '../run-document.ts';
import type { NotificationBody } from './notification-body.ts';

/** Codes of task results that a limit of the run file stopped. */
const limitCodes: ReadonlySet<string> = new Set(['limit-reached', 'too-many-sample-errors']);

/**
 * Puts everything that a schedule has to tell into the outbox: ended runs with raised alerts or failures, and firings that
 * could not begin. It looks at what is recorded, so nothing is lost with whoever recorded it; told twice it is kept once.
 */
export async function announceNews(store: Store, schedule: ScheduleRecord): Promise<void> {
  const { name, definition } = schedule;
  const { notify, lastFailure } = definition;
  if (notify === null) return;
  for (const runId of await store.schedules.listUnannounced(name))
    await announceRun(store, schedule, notify.url, runId);
  if (lastFailure === null) return;
  await announce(store, schedule, {
    notificationId: makeRunNotificationId(lastFailure.runId, 0),
    kind: 'failed',
    body: { timestamp: lastFailure.scheduledAt, error_code: lastFailure.error.code },
  });
}

/** Tells of firings that were due while nothing ran; each count once. */
export async function announceMissed(store: Store, schedule: ScheduleRecord, missed: number): Promise<void> {
  if (!(await store.schedules.recordMissed(schedule.name, missed))) return;
  const timestamp = new Date().toISOString();
  await announce(store, schedule, {
    notificationId: `${schedule.name}/missed/${timestamp}`,
    kind: 'missed',
    body: { timestamp, missed },
  });
}

async function announceRun(store: Store, schedule: ScheduleRecord, url: string, runId: string): Promise<void> {
  const run = await store.runs.getRun(runId);
  const document = await makeRunDocument(store, run);
  const alerts = document.alerts ?? [];
  const kind = findKind(document.status, document.tasks, alerts);
  const { status, scheduled_at = null, started_at, ended_at } = document;
  const notificationId = makeRunNotificationId(runId, run.attempt);
  if (kind === 'none') {
    await store.schedules.announce({ notificationId, scheduleName: schedule.name, runId, kind, url, body: '{}' });
    return;
  }
  const tasks = document.tasks.map(({ key, status: taskStatus, error, samples: { total, errors }, metrics }) => ({
    key,
    status: taskStatus,
    error_code: error?.code ?? null,
    samples: { total, errors },
    metrics,
  }));
  await announce(store, schedule, {
    notificationId,
    runId,
    kind,
    body: {
      timestamp: ended_at ?? started_at,
      run: { run: runId, status, scheduled_at, started_at, ended_at, tasks },
      alerts,
    },
  });
}

async function announce(
  store: Store,
  { name, definition: { evaluationKey, notify } }: ScheduleRecord,
  news: {
    readonly notificationId: string;
    readonly runId?: string;
    readonly kind: NotificationKind;
    readonly body: Partial<NotificationBody> & Pick<NotificationBody, 'timestamp'>;
  },
): Promise<void> {
  if (notify === null) return;
  const { notificationId, runId = null, kind } = news;
  const body: NotificationBody = {
    type: kind,
    schedule: name,
    evaluation: evaluationKey,
    run: null,
    alerts: [],
    error_code: null,
    missed: null,
    ...news.body,
  };
  await store.schedules.announce({
    notificationId,
    scheduleName: name,
    runId,
    kind,
    url: notify.url,
    body: JSON.stringify(body),
  });
}

/** A run that somebody cancelled is no news: somebody did it. */
function findKind(
  status: Status,
  tasks: readonly TaskDocument[],
  alerts: readonly AlertFinding[],
): NotificationKind | 'none' {
  if (status === 'failed') {
    return tasks.some(({ error }) => error !== null && limitCodes.has(error.code)) ? 'limit-stopped' : 'failed';
  }
  return status === 'completed' && alerts.some(isRaised) ? 'alert' : 'none';
}
