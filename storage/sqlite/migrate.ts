import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { SqliteConnection } from './connection.ts';

/**
 * Brings a database to the newest schema. Any number of processes may do so at once: one does the work, under the
 * write lock, and the others find it done.
 *
 * @throws {EvaluationError} `store-schema` when a newer release has written the database.
 */
export function migrate(connection: SqliteConnection, steps: readonly string[]): void {
  // Looked at without the lock first: nearly always there is nothing to do, and then nobody has to wait.
  if (connection.snapshot(() => findSchemaVersion(connection)) === steps.length) return;
  connection.transaction(() => {
    const version = findSchemaVersion(connection);
    refuseNewer(version, steps);
    if (version === steps.length) return;
    for (const step of steps.slice(version)) connection.exec(step);
    connection.exec('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)');
    connection.exec('DELETE FROM schema_version');
    connection.exec(`INSERT INTO schema_version VALUES (${steps.length})`);
  });
}

/**
 * For a database that is only read.
 *
 * @throws {EvaluationError} `store-schema` where it has another schema than the newest.
 */
export function checkSchema(connection: SqliteConnection, steps: readonly string[]): void {
  const version = connection.snapshot(() => findSchemaVersion(connection));
  refuseNewer(version, steps);
  if (version === steps.length) return;
  throw new EvaluationError(
    'store-schema',
    `The store has schema version ${version}; this release reads version ${steps.length}.`,
    { hint: 'Whoever may write to it brings it there with any command, such as `stet store migrate`.' },
  );
}

function refuseNewer(version: number, steps: readonly string[]): void {
  if (version <= steps.length) return;
  throw new EvaluationError(
    'store-schema',
    `The store has schema version ${version}; this release knows versions up to ${steps.length}.`,
    { hint: 'Use the release that wrote it, or a newer one, or another store directory.' },
  );
}

/** 0 where there is no schema yet. */
export function findSchemaVersion(connection: SqliteConnection): number {
  const [table] = connection
    .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'`)
    .all([]);
  if (table === undefined) return 0;
  const [row] = connection.prepare<{ version: number }>('SELECT version FROM schema_version').all([]);
  return row?.version ?? 0;
}
