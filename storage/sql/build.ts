import {
  DummyDriver,
  Kysely,
  type QueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Tables } from './tables.ts';

/**
 * Builds queries over the tables of a store. It has no connection, and what it builds belongs to no dialect: the driver
 * that executes a query compiles it.
 */
export const build = new Kysely<Tables>({
  dialect: {
    createDriver: () => new DummyDriver(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (database) => new SqliteIntrospector(database),
    // Every dialect needs one; that of the driver is what counts.
    createQueryCompiler: (): QueryCompiler => new SqliteQueryCompiler(),
  },
});
