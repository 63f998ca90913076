import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { build } from '../sql/build.ts';
import { execute, find, type Work } from '../sql/work.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { schemaSteps } from './schema.ts';

export interface SchemaVersions {
  /** 0: there was none. */
  readonly from: number;
  readonly to: number;
}

/** The version before the present one: a release works with both, so that workers are exchanged before the schema is. */
const oldestVersion = Math.max(1, schemaSteps.length - 1);

/**
 * Makes the schema where there is none at all, and this process may write. Any other one is left as it is.
 *
 * @throws {EvaluationError} `store-schema` where this release cannot work with it.
 */
export async function prepareSchema(database: PostgresDatabase, place: string, isWriter: boolean): Promise<void> {
  const found = await database.snapshot(findVersion);
  if (found === 0 && !isWriter) {
    throw new EvaluationError('usage', `There is no store at ${place}.`);
  }
  const version = found === 0 ? (await database.transaction(createSchema)).to : found;
  if (version >= oldestVersion && version <= schemaSteps.length) return;
  throw version < oldestVersion ? makeOutdated(version, place) : makeTooNew(version, place);
}

/**
 * Brings the schema to the newest version. Any number of processes may do so at once; runs at work go on.
 *
 * @throws {EvaluationError} `store-schema` where a newer release has written it.
 */
export async function migrateSchema(database: PostgresDatabase, place: string): Promise<SchemaVersions> {
  const versions = await database.transaction(createSchema);
  if (versions.from > schemaSteps.length) throw makeTooNew(versions.from, place);
  return versions;
}

function* createSchema(): Work<SchemaVersions> {
  const from = yield* findVersion();
  if (from >= schemaSteps.length) return { from, to: from };
  yield* createNamespace();
  for (const step of schemaSteps.slice(from)) {
    for (const statement of step) yield* execute(sql.raw(statement));
  }
  yield* execute(sql`CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)`);
  yield* execute(sql`DELETE FROM schema_version`);
  yield* execute(sql`INSERT INTO schema_version VALUES (${schemaSteps.length})`);
  if (from === 0) {
    const storeId = { name: 'store_id', value: randomBytes(8).toString('hex') };
    yield* execute(build.insertInto('store_properties').values(storeId));
  }
  return { from, to: schemaSteps.length };
}

/** The schema that the session's search path names, if it is not there. */
function* createNamespace(): Work<void> {
  const row = yield* find(
    sql<{ schema: string | null; search_path: string }>`
      SELECT current_schema() AS schema, current_setting('search_path') AS search_path`,
  );
  if (row === undefined || row.schema !== null) return;
  const named = row.search_path.split(',').map((name) => name.trim().replaceAll('"', ''));
  const first = named.find((name) => name !== '' && name !== '$user');
  if (first !== undefined) yield* execute(sql`CREATE SCHEMA IF NOT EXISTS ${sql.id(first)}`);
}

function* findVersion(): Work<number> {
  const table = yield* find(
    sql<{ name: string | null }>`
      SELECT to_regclass(quote_ident(current_schema()) || '.schema_version')::text AS name`,
  );
  if (table === undefined || table.name === null) return 0;
  const row = yield* find(sql<{ version: number }>`SELECT version FROM schema_version`);
  return row?.version ?? 0;
}

function makeOutdated(version: number, place: string): EvaluationError {
  return new EvaluationError(
    'store-schema',
    `The store at ${place} has schema version ${version}; this release works with ${describeVersions()}.`,
    { hint: 'Run `stet store migrate`, once no worker of a release before this one is left.' },
  );
}

function makeTooNew(version: number, place: string): EvaluationError {
  return new EvaluationError(
    'store-schema',
    `The store at ${place} has schema version ${version}; this release works with ${describeVersions()}.`,
    { hint: 'Use the release that wrote it, or a newer one.' },
  );
}

function describeVersions(): string {
  const newest = schemaSteps.length;
  return oldestVersion === newest ? `version ${newest}` : `versions ${oldestVersion} and ${newest}`;
}
