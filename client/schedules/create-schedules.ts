import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Store } from '../../storage/store.ts';
import { askTemporal } from '../ask-temporal.ts';
import type { Host } from '../host.ts';
import type { RunContext } from '../run-context.ts';
import { makeScheduleDocument, makeScheduleSummary } from './make-schedule-document.ts';
import type { Schedules } from './schedules.ts';

/** Schedules of the library. What talks to Temporal is loaded when it is needed. */
export function createSchedules(context: RunContext): Schedules {
  const { host } = context;
  const temporal = () => import('./temporal-schedule.ts');

  /** A schedule with Temporal's part of it, which is made again where it was lost. */
  const open = async (name: string) => {
    const store = await openExisting(host);
    const schedule = await store.schedules.get(name);
    const session = await host.openSession();
    const { ensureTemporalSchedule } = await import('./restore-schedules.ts');
    const found = await ensureTemporalSchedule(session, store, schedule);
    const { getScheduleHandle } = await temporal();
    return { store, schedule, found, kind: session.temporal, handle: getScheduleHandle(session, name) };
  };

  return {
    async add(source, options) {
      const { addSchedule } = await import('./add-schedule.ts');
      const { name } = await addSchedule(context, source, options);
      const { store, schedule, found, kind } = await open(name);
      return makeScheduleDocument(store, schedule, found, kind);
    },
    async list() {
      const store = await host.openStore({ create: false });
      if (store === undefined) return [];
      const schedules = await store.schedules.list();
      return Promise.all(schedules.map((schedule) => makeScheduleSummary(store, schedule)));
    },
    async show(name) {
      const { store, schedule, found, kind } = await open(name);
      return makeScheduleDocument(store, schedule, found, kind);
    },
    async pause(name) {
      const { store, handle } = await open(name);
      // First there: a schedule that is made again takes over what the store says.
      await store.schedules.setPaused(name, true);
      await askTemporal(() => handle.pause());
    },
    async resume(name) {
      const { store, handle } = await open(name);
      await store.schedules.setPaused(name, false);
      await askTemporal(() => handle.unpause());
    },
    async trigger(name) {
      const { schedule, handle } = await open(name);
      const { temporalOverlaps } = await temporal();
      await askTemporal(() => handle.trigger(temporalOverlaps[schedule.definition.overlap]));
    },
    async backfill(name, { from, to }) {
      if (!(from < to))
        throw new EvaluationError('usage', 'A backfill needs a span of time that ends after it begins.');
      const { handle } = await open(name);
      // One after the other: by its own policy all but the first might be skipped.
      await askTemporal(() => handle.backfill({ start: from, end: to, overlap: 'BUFFER_ALL' }));
    },
    async remove(name) {
      const store = await openExisting(host);
      const session = await host.openSession();
      const { deleteTemporalSchedule } = await temporal();
      const wasThere = await store.schedules.remove(name);
      // After the store: a schedule that only Temporal has begins nothing, one that only the store has is made again.
      if (!(await deleteTemporalSchedule(session, name)) && !wasThere) await store.schedules.get(name);
    },
  };
}

async function openExisting(host: Host): Promise<Store> {
  const store = await host.openStore({ create: false });
  if (store !== undefined) return store;
  throw new EvaluationError('schedule-not-found', 'There is no store here, so there are no schedules.', {
    hint: 'Name its directory with --store or STET_STORE, or make a schedule with `stet schedule add`.',
  });
}
