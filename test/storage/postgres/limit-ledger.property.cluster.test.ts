import { openPostgresStore } from '../../../storage/postgres/open-postgres-store.ts';
import { PostgresDatabase } from '../../../storage/postgres/postgres-database.ts';
import { parsePostgresLocation } from '../../../storage/postgres/postgres-location.ts';
import { SqlLimitLedger } from '../../../storage/sql/sql-limit-ledger.ts';
import { createDatabase, describeOnPostgres } from '../../support/services/shared-services.ts';
import { describeLimits } from '../conformance/limit-laws.ts';

describeOnPostgres('in a PostgreSQL store', () => {
  describeLimits(async (nowMs) => {
    const url = await createDatabase();
    const store = await openPostgresStore(url);
    const options = { access: 'write', patienceMs: 1_000, onNotice: () => {} } as const;
    const database = new PostgresDatabase(parsePostgresLocation(url), options);
    return {
      // The store itself asks the server for the time.
      limits: new SqlLimitLedger(database, nowMs),
      runs: store.runs,
      async [Symbol.asyncDispose]() {
        await database.close();
        await store.close();
      },
    };
  });
});
