import type { ContentStore } from '../content-store.ts';
import type { Housekeeping } from '../housekeeping.ts';
import { SqliteConnection } from './connection.ts';
import { collectGarbage } from './housekeeping/collect-garbage.ts';
import { listStoredResults } from './housekeeping/list-stored-results.ts';
import { removeResults } from './housekeeping/remove-results.ts';
import { verifyStore } from './housekeeping/verify-store.ts';
import { toTaskResultRecord } from './task-result-rows.ts';

/** Housekeeping of a SQLite store with files beside it. */
export function createSqliteHousekeeping(store: {
  readonly directory: string;
  readonly databasePath: string;
  readonly content: ContentStore;
}): Housekeeping {
  const { directory, databasePath, content } = store;
  /** Each operation has a connection, and with it temporary tables, of its own. */
  const connect = async <T>(work: (connection: SqliteConnection) => Promise<T>): Promise<T> => {
    const connection = new SqliteConnection(databasePath);
    try {
      return await work(connection);
    } finally {
      connection.close();
    }
  };
  return {
    verify: ({ onProgress = () => {} } = {}) =>
      connect((connection) => verifyStore({ connection, content }, onProgress)),
    collectGarbage: (options) => connect((connection) => collectGarbage({ connection, content, directory }, options)),
    listStoredResults: (options) =>
      connect((connection) => listStoredResults({ connection, directory, databasePath }, options)),
    listResultsOfRun: (runId) =>
      connect(async (connection) =>
        connection
          .all(connection.build.selectFrom('task_results').selectAll().where('run_id', '=', runId).orderBy('position'))
          .map(toTaskResultRecord),
      ),
    removeResults: (taskResultIds, options) =>
      connect((connection) => removeResults({ connection, content, directory }, taskResultIds, options)),
  };
}
