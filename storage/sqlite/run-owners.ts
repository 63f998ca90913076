import { isFinal } from '../../contracts/status.ts';
import type { ProcessRecord } from '../run-log.ts';
import type { SqliteConnection } from './connection.ts';
import { getRunRow, updateRun } from './run-rows.ts';
import type { Processes } from './tables.ts';

/**
 * Makes a process the owner of an open run unless a live one is. Called within a transaction, so of two takers one gets
 * it, and a run that ends at the same moment is not taken up once more.
 */
export function takeRun(
  connection: SqliteConnection,
  runId: string,
  processId: string,
  isAlive: (owner: ProcessRecord) => boolean,
): boolean {
  const { owner_id: ownerId, status } = getRunRow(connection, runId);
  if (isFinal(status)) return false;
  const owner = ownerId === null ? undefined : findProcess(connection, ownerId);
  if (owner !== undefined && isAlive(owner)) return false;
  updateRun(connection, runId, { owner_id: processId });
  return true;
}

/** Gives ownership up; another's is left alone, and that of another attempt than the given one. */
export function releaseRun(connection: SqliteConnection, runId: string, processId: string, attempt?: number): void {
  const owned = connection.build
    .updateTable('runs')
    .set({ owner_id: null })
    .where('run_id', '=', runId)
    .where('owner_id', '=', processId);
  connection.run(attempt === undefined ? owned : owned.where('attempt', '=', attempt));
}

export function registerProcess(connection: SqliteConnection, process: ProcessRecord): void {
  const state = {
    host: process.host,
    pid: process.pid,
    start_mark: process.startMark,
    command: process.command,
    registered_at: process.registeredAt,
    seen_at: process.seenAt,
  };
  connection.run(
    connection.build
      .insertInto('processes')
      .values({ process_id: process.processId, ...state })
      .onConflict((conflict) => conflict.column('process_id').doUpdateSet(state)),
  );
}

/** False where the process is not registered. */
export function renewProcess(connection: SqliteConnection, processId: string, seenAt: string): boolean {
  const { build } = connection;
  return (
    connection.run(build.updateTable('processes').set({ seen_at: seenAt }).where('process_id', '=', processId)) > 0
  );
}

/** Forgets a process; what it owned is nobody's then. Called within a transaction. */
export function removeProcess(connection: SqliteConnection, processId: string): void {
  connection.run(connection.build.updateTable('runs').set({ owner_id: null }).where('owner_id', '=', processId));
  connection.run(connection.build.deleteFrom('processes').where('process_id', '=', processId));
}

export function listProcesses(connection: SqliteConnection): readonly ProcessRecord[] {
  return connection
    .all(connection.build.selectFrom('processes').selectAll().orderBy('registered_at').orderBy('process_id'))
    .map(toProcessRecord);
}

export function findProcess(connection: SqliteConnection, processId: string): ProcessRecord | undefined {
  const row = connection.find(connection.build.selectFrom('processes').selectAll().where('process_id', '=', processId));
  return row === undefined ? undefined : toProcessRecord(row);
}

function toProcessRecord(row: Processes): ProcessRecord {
  return {
    processId: row.process_id,
    host: row.host,
    pid: row.pid,
    startMark: row.start_mark,
    command: row.command,
    registeredAt: row.registered_at,
    // A release before this column gave no signs of life.
    seenAt: row.seen_at === '' ? row.registered_at : row.seen_at,
  };
}
