import { isFinal } from '../../contracts/status.ts';
import type { ProcessRecord, RunRecord } from '../run-log.ts';
import { build } from './build.ts';
import { getRunRow, updateRun } from './run-rows.ts';
import type { Processes } from './tables.ts';
import { all, execute, find, type Work } from './work.ts';

/**
 * Makes a process the owner of an open run unless a live one is, or its work is offered to all workers. Called within a
 * transaction, so of two takers one gets it, and a run that ends at the same moment is not taken up once more.
 */
export function* takeRun(runId: string, processId: string, isAlive: (owner: ProcessRecord) => boolean): Work<boolean> {
  const { owner_id: ownerId, status, work_queue: workQueue } = yield* getRunRow(runId);
  if (isFinal(status) || workQueue !== null) return false;
  const owner = ownerId === null ? undefined : yield* findProcess(ownerId);
  if (owner !== undefined && isAlive(owner)) return false;
  yield* updateRun(runId, { owner_id: processId });
  return true;
}

/** Gives ownership up; another's is left alone, and that of another attempt than the given one. */
export function* releaseRun(runId: string, processId: string, attempt?: number): Work<void> {
  const owned = build
    .updateTable('runs')
    .set({ owner_id: null })
    .where('run_id', '=', runId)
    .where('owner_id', '=', processId);
  yield* execute(attempt === undefined ? owned : owned.where('attempt', '=', attempt));
}

/** Says who is to work on an open run. */
export function* placeRun(runId: string, { workQueue, ownerId }: Pick<RunRecord, 'workQueue' | 'ownerId'>): Work<void> {
  yield* updateRun(runId, { work_queue: workQueue, owner_id: ownerId });
}

export function* registerProcess(process: ProcessRecord): Work<void> {
  const state = {
    host: process.host,
    pid: process.pid,
    start_mark: process.startMark,
    command: process.command,
    registered_at: process.registeredAt,
    seen_at: process.seenAt,
  };
  yield* execute(
    build
      .insertInto('processes')
      .values({ process_id: process.processId, ...state })
      .onConflict((conflict) => conflict.column('process_id').doUpdateSet(state)),
  );
}

/** False where the process is not registered. */
export function* renewProcess(processId: string, seenAt: string): Work<boolean> {
  const renewed = build.updateTable('processes').set({ seen_at: seenAt }).where('process_id', '=', processId);
  return (yield* execute(renewed)) > 0;
}

/** Forgets a process; what it owned is nobody's then. */
export function* removeProcess(processId: string): Work<void> {
  yield* execute(build.updateTable('runs').set({ owner_id: null }).where('owner_id', '=', processId));
  yield* execute(build.deleteFrom('processes').where('process_id', '=', processId));
}

export function* listProcesses(): Work<readonly ProcessRecord[]> {
  const rows = yield* all(build.selectFrom('processes').selectAll().orderBy('registered_at').orderBy('process_id'));
  return rows.map(toProcessRecord);
}

export function* findProcess(processId: string): Work<ProcessRecord | undefined> {
  const row = yield* find(build.selectFrom('processes').selectAll().where('process_id', '=', processId));
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
