import { ScheduleAlreadyRunning } from '@temporalio/client';
import type { ScheduleRecord } from '../../storage/schedule-log.ts';
import type { Store } from '../../storage/store.ts';
import type { Session } from '../host.ts';
import { createTemporalSchedule, deleteTemporalSchedule, describeTemporalSchedule } from './temporal-schedule.ts';

/** Temporal's part of a schedule, made again where Temporal has lost it: the store is the record. */
export async function ensureTemporalSchedule(session: Session, store: Store, schedule: ScheduleRecord) {
  const found = await describeTemporalSchedule(session, schedule.name);
  if (found !== undefined) return found;
  await createTemporalSchedule(session, schedule).catch((error: unknown) => {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error; // by another process, just now
  });
  // Removed meanwhile: whoever did that found nothing at Temporal.
  if ((await store.schedules.find(schedule.name)) === undefined) await deleteTemporalSchedule(session, schedule.name);
  return describeTemporalSchedule(session, schedule.name);
}
