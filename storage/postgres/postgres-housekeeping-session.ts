import { createEncryptedDatabase } from '../encryption/encrypted-database.ts';
import type { StoreEncryption } from '../encryption/store-encryption.ts';
import type { HousekeepingSession } from '../sql/housekeeping/housekeeping-session.ts';
import { blobTableNames } from './blob-tables.ts';
import type { PostgresDatabase } from './postgres-database.ts';

/** A session of its own, and with it temporary tables of its own; they go with its connection. */
export async function openPostgresHousekeepingSession(
  database: PostgresDatabase,
  encryption: StoreEncryption,
): Promise<HousekeepingSession> {
  const session = await database.openSession();
  const encrypted = createEncryptedDatabase(session, encryption);
  return {
    transaction: (work) => encrypted.transaction(work),
    snapshot: (work) => encrypted.snapshot(work),
    async createTemporaryTables(statements) {
      for (const statement of statements) await session.query(statement);
    },
    // Its checks find what they look for by an index.
    removeUnreferenced: (work) => encrypted.transaction(work),
    async checkDatabase() {
      // Pages are read by the server alone, and references it guards itself.
      const [row] = await session.query<{ has_checksums: string; failures: number | null; last: string | null }>(
        `SELECT current_setting('data_checksums') AS has_checksums, checksum_failures AS failures,
           checksum_last_failure::text AS last
         FROM pg_stat_database WHERE datname = current_database()`,
      );
      if (row?.has_checksums !== 'on') return { check: 'nothing', problems: [] };
      const failures = row.failures ?? 0;
      return {
        check: 'reports',
        problems: failures === 0 ? [] : [`the server has read ${failures} damaged pages, the last at ${row.last}`],
      };
    },
    async measureSizeBytes() {
      const apart = blobTableNames.map((name) => `'${name}'`).join(', ');
      const [row] = await session.query<{ size: number }>(
        `SELECT coalesce(sum(pg_total_relation_size(oid)), 0) AS size FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname NOT IN (${apart})`,
      );
      return row?.size ?? 0;
    },
    close: () => session.close(),
  };
}
