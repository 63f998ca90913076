import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../storage/store.ts';
import { createRunContext } from '../create-run-context.ts';
import type { Host, Session } from '../host.ts';
import { announceMissed, announceNews } from './announce-news.ts';
import { deliverNotifications, type FindEnvironment } from './deliver-notifications.ts';
import { createPlanningActivities } from './plan-tracked.ts';
import { ensureTemporalSchedule } from './restore-schedules.ts';

const NEWS_INTERVAL_MS = 2_000;
const TEMPORAL_INTERVAL_MS = 60_000;

/** What a process that works on the runs of others does for schedules, beside working on their runs. */
export interface ScheduleDuties {
  stop(): Promise<void>;
}

/**
 * Plans the firings of schedules that track a file, makes schedules again that Temporal has lost, tells of news, and
 * delivers what is to be told. Any number of processes may do so at once.
 */
export async function startScheduleDuties(
  host: Host,
  options: { readonly store: Store; readonly session: Session; readonly findEnvironment: FindEnvironment },
): Promise<ScheduleDuties> {
  const { store, session, findEnvironment } = options;
  const context = createRunContext(host);
  const stopping = new AbortController();
  // Where Temporal is elsewhere no schedule tracks a file.
  const planning =
    session.temporal === 'embedded' ? await session.startPlanning(createPlanningActivities(context, store)) : undefined;
  const complaints = new Set<string>();
  /** A server on its way back, or a locked store, is no reason to stop; each trouble is said once. */
  const patiently = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      complaints.clear();
    } catch (error) {
      const complaint = error instanceof Error ? error.message : String(error);
      if (!complaints.has(complaint)) host.onNotice(`Schedules have to wait: ${complaint}`);
      complaints.add(complaint);
    }
  };
  const repeat = async (intervalMs: number, work: () => Promise<void>): Promise<void> => {
    while (!stopping.signal.aborted) {
      await patiently(work);
      await sleep(intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const loops = [
    repeat(TEMPORAL_INTERVAL_MS, async () => {
      for (const schedule of await store.schedules.list()) {
        const found = await ensureTemporalSchedule(session, store, schedule);
        if (found !== undefined) await announceMissed(store, schedule, found.missed);
      }
    }),
    repeat(NEWS_INTERVAL_MS, async () => {
      for (const schedule of await store.schedules.list()) await announceNews(store, schedule);
    }),
    repeat(NEWS_INTERVAL_MS, async () => {
      while (await deliverNotifications({ host, store, findEnvironment }, stopping.signal));
    }),
  ];
  return {
    async stop() {
      stopping.abort();
      await Promise.all([...loops, planning?.stop()]);
    },
  };
}
