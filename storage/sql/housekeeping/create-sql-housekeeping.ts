import type { BlobInventory } from '../../blob-inventory.ts';
import type { ContentStore } from '../../content-store.ts';
import type { Housekeeping } from '../../housekeeping.ts';
import type { TaskResultRecord } from '../../result-index.ts';
import { build } from '../build.ts';
import { toTaskResultRecord } from '../task-result-rows.ts';
import { useColumns } from '../use-columns.ts';
import { all, type Work } from '../work.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { HousekeepingSession } from './housekeeping-session.ts';
import { listStoredResults } from './list-stored-results.ts';
import { removeResults } from './remove-results.ts';
import { verifyStore } from './verify-store.ts';

/** Housekeeping of a store, whatever its database and wherever its blobs lie. */
export function createSqlHousekeeping(store: {
  readonly openSession: () => Promise<HousekeepingSession>;
  readonly content: ContentStore;
  readonly inventory: BlobInventory;
}): Housekeeping {
  const { openSession, content, inventory } = store;
  const inSession = async <T>(work: (session: HousekeepingSession) => Promise<T>): Promise<T> => {
    const session = await openSession();
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  };
  return {
    verify: ({ onProgress = () => {} } = {}) => inSession((session) => verifyStore({ session, content }, onProgress)),
    collectGarbage: (options) => inSession((session) => collectGarbage({ session, content, inventory }, options)),
    listStoredResults: (options) => inSession((session) => listStoredResults({ session, inventory }, options)),
    listResultsOfRun: (runId) => inSession((session) => session.snapshot(() => listResultsOfRun(runId))),
    removeResults: (taskResultIds, options) =>
      inSession((session) => removeResults({ session, content, inventory }, taskResultIds, options)),
  };
}

function* listResultsOfRun(runId: string): Work<readonly TaskResultRecord[]> {
  const columns = yield* useColumns();
  const rows = yield* all(build.selectFrom('task_results').selectAll().where('run_id', '=', runId).orderBy('position'));
  return rows.map((row) => toTaskResultRecord(columns, row));
}
