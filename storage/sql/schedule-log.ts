import type { RunAlerts } from '../../contracts/alert-finding.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { type NotificationKind } from '../../contracts/schedules.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import type { ColumnCodec } from '../encryption/column-codec.ts';
import { type OpenChanges, openRow, sealChanges } from '../encryption/sealed-rows.ts';
import {
  makeRunNotificationId,
  type NewNotification,
  type NotificationRecord,
  type ScheduleDefinition,
  type ScheduleLog,
  type ScheduleRecord,
} from '../schedule-log.ts';
import { build } from './build.ts';
import type { Database } from './database.ts';
import { eachOf } from './each-of.ts';
import { getRunRow, updateRun } from './run-rows.ts';
import type { NotificationRow, ScheduleRow } from './tables.ts';
import { useColumns } from './use-columns.ts';
import { all, execute, find, type Work } from './work.ts';

const maxEarlierRuns = 50;
/** Runs of a schedule that are looked at for news; whoever works on one looks within seconds. */
const maxUnannounced = 1_000;
const maxDueAtOnce = 20;
const maxUndelivered = 20;

/** Schedules and notifications in a database. */
export function createScheduleLog(database: Database, now: () => string): ScheduleLog {
  return {
    create: (schedule) => database.transaction(() => createSchedule(schedule, now())),
    find: (name) => database.snapshot(() => findSchedule(name)),
    get: (name) => database.snapshot(() => getSchedule(name)),
    list: () => database.snapshot(listSchedules),
    setPaused: (name, isPaused) => database.transaction(() => changeDefinition(name, { isPaused }, now())),
    recordMissed: (name, missed) => database.transaction(() => recordMissed(name, missed, now())),
    recordFailedFiring: (name, lastFailure) =>
      database.transaction(() => changeDefinition(name, { lastFailure }, now())),
    remove: (name) => database.transaction(() => removeSchedule(name)),
    listRuns: (name, { limit }) => database.snapshot(() => listRuns(name, limit)),
    listEarlierRuns: (runId, from) => database.snapshot(() => listEarlierRuns(runId, from)),
    recordAlerts: (runId, alerts) => database.transaction(() => recordAlerts(runId, alerts)),
    listUnannounced: (name) => database.snapshot(() => listUnannounced(name)),
    announce: (notification) => database.transaction(() => announce(notification, now())),
    takeDue: (from, until) => database.transaction(() => takeDue(from, until)),
    recordDelivered: (id) =>
      database.transaction(() => changeNotification(id, { delivered_at: now(), next_attempt_at: null, error: null })),
    recordUndelivered: (id, error, nextAttemptAt) =>
      database.transaction(() => changeNotification(id, { error, next_attempt_at: nextAttemptAt })),
    listUndelivered: (name) => database.snapshot(() => listUndelivered(name)),
  };
}

function* createSchedule(schedule: Omit<ScheduleRecord, 'createdAt'>, now: string): Work<void> {
  const { name, definition, plan, baseline } = schedule;
  if ((yield* findSchedule(name)) !== undefined) {
    throw new EvaluationError('schedule-exists', `There is a schedule "${name}" already.`, {
      hint: `Remove it with \`stet schedule remove ${name}\`, or give this one another --name.`,
    });
  }
  const columns = yield* useColumns();
  yield* execute(
    build.insertInto('schedules').values({
      name,
      definition: columns.seal('schedules', 'definition', { name }, JSON.stringify(definition)),
      plan,
      baseline,
      created_at: now,
      updated_at: now,
    }),
  );
}

function* findSchedule(name: string): Work<ScheduleRecord | undefined> {
  const row = yield* find(build.selectFrom('schedules').selectAll().where('name', '=', name));
  return row === undefined ? undefined : toScheduleRecord(yield* useColumns(), row);
}

function* getSchedule(name: string): Work<ScheduleRecord> {
  const found = yield* findSchedule(name);
  if (found !== undefined) return found;
  const names = (yield* listSchedules()).map((schedule) => schedule.name);
  throw new EvaluationError('schedule-not-found', `There is no schedule "${name}".`, {
    hint: suggestName(name, names) ?? 'This store has no schedules. Make one with `stet schedule add`.',
  });
}

function* listSchedules(): Work<readonly ScheduleRecord[]> {
  const columns = yield* useColumns();
  const rows = yield* all(build.selectFrom('schedules').selectAll().orderBy('name'));
  return rows.map((row) => toScheduleRecord(columns, row));
}

function* changeDefinition(
  name: string,
  changes: Partial<Pick<ScheduleDefinition, 'isPaused' | 'missed' | 'lastFailure'>>,
  now: string,
): Work<void> {
  const { definition } = yield* getSchedule(name);
  const text = JSON.stringify({ ...definition, ...changes });
  const sealed = (yield* useColumns()).seal('schedules', 'definition', { name }, text);
  yield* execute(build.updateTable('schedules').set({ definition: sealed, updated_at: now }).where('name', '=', name));
}

function* recordMissed(name: string, missed: number, now: string): Work<boolean> {
  const schedule = yield* findSchedule(name);
  if (schedule === undefined || schedule.definition.missed === missed) return false;
  yield* changeDefinition(name, { missed }, now);
  return missed > schedule.definition.missed;
}

function* removeSchedule(name: string): Work<boolean> {
  yield* execute(build.deleteFrom('notifications').where('schedule_name', '=', name));
  return (yield* execute(build.deleteFrom('schedules').where('name', '=', name))) > 0;
}

function* listRuns(name: string, limit: number): Work<readonly string[]> {
  const query = build
    .selectFrom('runs')
    .select('run_id')
    .where('schedule_name', '=', name)
    .orderBy('sequence', 'desc')
    .limit(limit);
  return (yield* all(query)).map(({ run_id }) => run_id);
}

function* listEarlierRuns(runId: string, from: 'newest' | 'oldest'): Work<readonly string[]> {
  const run = yield* getRunRow(runId);
  const completed = build
    .selectFrom('runs')
    .select('run_id')
    .where('sequence', '<', run.sequence)
    .where('status', '=', 'completed')
    .where('evaluation_key', '=', run.evaluation_key)
    .orderBy('sequence', from === 'newest' ? 'desc' : 'asc')
    .limit(maxEarlierRuns);
  const { schedule_name: schedule } = run;
  const query = schedule === null ? completed : completed.where('schedule_name', '=', schedule);
  return (yield* all(query)).map(({ run_id }) => run_id);
}

function* recordAlerts(runId: string, alerts: RunAlerts): Work<void> {
  yield* updateRun(runId, { alerts: JSON.stringify(alerts) });
}

/** A run that was resumed ends once more, in another attempt. Those of an earlier schedule of that name are none of it. */
function* listUnannounced(name: string): Work<readonly string[]> {
  const schedule = yield* find(build.selectFrom('schedules').select('created_at').where('name', '=', name));
  if (schedule === undefined) return [];
  const newest = build
    .selectFrom('runs')
    .select(['run_id', 'attempt', 'status', 'started_at'])
    .where('schedule_name', '=', name)
    .orderBy('sequence', 'desc')
    .limit(maxUnannounced);
  const runs = (yield* all(newest)).filter(
    ({ status, started_at }) => status !== 'pending' && status !== 'running' && started_at >= schedule.created_at,
  );
  const ids = runs.map(({ run_id, attempt }) => makeRunNotificationId(run_id, attempt));
  const told = build.selectFrom('notifications').select('notification_id').where('notification_id', 'in', eachOf(ids));
  const known = new Set((yield* all(told)).map(({ notification_id }) => notification_id));
  return runs
    .filter(({ run_id, attempt }) => !known.has(makeRunNotificationId(run_id, attempt)))
    .map(({ run_id }) => run_id)
    .toReversed();
}

function* announce(notification: NewNotification, now: string): Work<void> {
  const { notificationId, scheduleName, runId, kind, url, body } = notification;
  const isNews = kind !== 'none';
  const columns = yield* useColumns();
  const key = { notification_id: notificationId };
  yield* execute(
    build
      .insertInto('notifications')
      .values({
        ...key,
        schedule_name: scheduleName,
        run_id: runId,
        kind,
        url: columns.seal('notifications', 'url', key, url),
        body: columns.seal('notifications', 'body', key, body),
        next_attempt_at: isNews ? now : null,
        delivered_at: isNews ? null : now,
      })
      .onConflict((conflict) => conflict.doNothing()),
  );
}

function* takeDue(now: string, until: string): Work<readonly NotificationRecord[]> {
  const due = build
    .selectFrom('notifications')
    .selectAll()
    .where('next_attempt_at', '<=', now)
    .orderBy('next_attempt_at')
    .limit(maxDueAtOnce);
  const columns = yield* useColumns();
  const taken: NotificationRecord[] = [];
  for (const row of yield* all(due)) {
    const attempts = row.attempts + 1;
    yield* changeNotification(row.notification_id, { attempts, next_attempt_at: until });
    taken.push(toNotificationRecord(columns, { ...row, attempts, next_attempt_at: until }));
  }
  return taken;
}

function* changeNotification(
  id: string,
  changes: Pick<OpenChanges<'notifications'>, 'attempts' | 'next_attempt_at' | 'delivered_at' | 'error'>,
): Work<void> {
  const sealed = sealChanges(yield* useColumns(), 'notifications', { notification_id: id }, changes);
  yield* execute(build.updateTable('notifications').set(sealed).where('notification_id', '=', id));
}

function* listUndelivered(name: string): Work<readonly NotificationRecord[]> {
  const query = build
    .selectFrom('notifications')
    .selectAll()
    .where('schedule_name', '=', name)
    .where('delivered_at', 'is', null)
    .orderBy('notification_id')
    .limit(maxUndelivered);
  const columns = yield* useColumns();
  return (yield* all(query)).map((row) => toNotificationRecord(columns, row));
}

function toScheduleRecord(columns: ColumnCodec, row: ScheduleRow): ScheduleRecord {
  return {
    name: row.name,
    definition: JSON.parse(openRow(columns, 'schedules', row).definition) as ScheduleDefinition,
    plan: row.plan,
    baseline: row.baseline,
    createdAt: row.created_at,
  };
}

function toNotificationRecord(columns: ColumnCodec, row: NotificationRow): NotificationRecord {
  const { url, body, error } = openRow(columns, 'notifications', row);
  return {
    notificationId: row.notification_id,
    scheduleName: row.schedule_name,
    runId: row.run_id,
    kind: row.kind as NotificationKind | 'none',
    url,
    body,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_at,
    error,
  };
}
