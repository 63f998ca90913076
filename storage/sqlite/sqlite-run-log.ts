import { sql } from 'kysely';
import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Mending, NewRun, NewTaskResult, ProcessRecord, RunLog } from '../run-log.ts';
import type { SqliteConnection } from './connection.ts';
import { createMendingRun } from './create-mending-run.ts';
import { createRun } from './create-run.ts';
import { recordRunEnd } from './end-run.ts';
import { listProgress } from './list-progress.ts';
import { listPlannedKeys } from './planned-keys.ts';
import { reopenRun } from './reopen-run.ts';
import { resolveRun } from './resolve-run.ts';
import * as owners from './run-owners.ts';
import { getRunRow, toRunRecord, updateRun } from './run-rows.ts';
import { defaultSegmentSize, findSegmentSize } from './segment-size.ts';
import { findOpenTaskResultRow } from './task-result-rows.ts';
import { putWait, removeWait } from './wait-rows.ts';

/** The run log in SQLite. Every method is one transaction, over before the event loop turns. */
export class SqliteRunLog implements RunLog {
  readonly #connection: SqliteConnection;
  readonly #now: () => string;
  readonly #close: () => Promise<void>;

  constructor(
    connection: SqliteConnection,
    options: { readonly now: () => string; readonly close: () => Promise<void> },
  ) {
    this.#connection = connection;
    this.#now = options.now;
    this.#close = options.close;
  }

  async getStoreId() {
    const row = this.#connection.find(
      this.#connection.build.selectFrom('store_properties').select('value').where('name', '=', 'store_id'),
    );
    if (row === undefined) throw new EvaluationError('store-damaged', 'The store has lost its id.');
    return row.value;
  }

  async getSegmentSize() {
    return findSegmentSize(this.#connection) ?? defaultSegmentSize;
  }

  async createRun(run: NewRun, taskResults: readonly NewTaskResult[]) {
    this.#connection.transaction(() => createRun(this.#connection, run, taskResults));
  }

  async createMendingRun(run: NewRun & { readonly mends: string }, mendings: readonly Mending[]) {
    this.#connection.transaction(() => createMendingRun(this.#connection, run, mendings, this.#now()));
  }

  async getRun(reference: string) {
    return toRunRecord(this.#connection.snapshot(() => resolveRun(this.#connection, reference)));
  }

  async listRuns({ limit }: { readonly limit: number }) {
    const query = this.#connection.build.selectFrom('runs').selectAll().orderBy('sequence', 'desc').limit(limit);
    return this.#connection.all(query).map(toRunRecord);
  }

  /** Oldest first: the order in which they are taken up. */
  async findOpenRuns() {
    const query = this.#connection.build
      .selectFrom('runs')
      .selectAll()
      // Literals, not bound, for the sake of the index of open runs.
      .where('status', 'in', [sql.lit('pending' as const), sql.lit('running' as const)])
      .orderBy('sequence');
    return this.#connection.all(query).map(toRunRecord);
  }

  async findNewestRun(planDigest: Digest) {
    const row = this.#connection.find(
      this.#connection.build
        .selectFrom('runs')
        .selectAll()
        .where('plan_digest', '=', planDigest)
        .orderBy('sequence', 'desc')
        .limit(1),
    );
    return row === undefined ? undefined : toRunRecord(row);
  }

  async listPlannedKeys(runId: string) {
    return listPlannedKeys(this.#connection, runId);
  }

  async recordRunStarted(runId: string, attempt?: number) {
    this.#connection.transaction(() => {
      const run = getRunRow(this.#connection, runId);
      if (run.status !== 'pending' || run.attempt !== (attempt ?? run.attempt)) return;
      updateRun(this.#connection, runId, { status: 'running' });
    });
  }

  async recordRunEnd(runId: string, options: Parameters<RunLog['recordRunEnd']>[1]) {
    return this.#connection.transaction(() => recordRunEnd(this.#connection, runId, options, this.#now()));
  }

  async reopenRun(runId: string, options?: Parameters<RunLog['reopenRun']>[1]) {
    return this.#connection.transaction(() => reopenRun(this.#connection, runId, options, this.#now()));
  }

  async takeRun(runId: string, processId: string, isAlive: (owner: ProcessRecord) => boolean) {
    return this.#connection.transaction(() => owners.takeRun(this.#connection, runId, processId, isAlive));
  }

  async releaseRun(runId: string, processId: string, attempt?: number) {
    this.#connection.transaction(() => owners.releaseRun(this.#connection, runId, processId, attempt));
  }

  async registerProcess(process: ProcessRecord) {
    this.#connection.transaction(() => owners.registerProcess(this.#connection, process));
  }

  async renewProcess(processId: string, seenAt: string) {
    return this.#connection.transaction(() => owners.renewProcess(this.#connection, processId, seenAt));
  }

  async removeProcess(processId: string) {
    this.#connection.transaction(() => owners.removeProcess(this.#connection, processId));
  }

  async listProcesses() {
    return owners.listProcesses(this.#connection);
  }

  async recordWait(taskResultId: string, holderRunId: string | null) {
    this.#connection.transaction(() => {
      if (holderRunId === null) removeWait(this.#connection, taskResultId);
      else if (findOpenTaskResultRow(this.#connection, taskResultId) !== undefined) {
        putWait(this.#connection, taskResultId, holderRunId);
      }
    });
  }

  async listWaits(runId: string) {
    const query = this.#connection.build
      .selectFrom('waits')
      .innerJoin('task_results', 'task_results.task_result_id', 'waits.task_result_id')
      .where('task_results.run_id', '=', runId)
      .orderBy('task_results.position')
      .select(['waits.task_result_id as taskResultId', 'waits.holder_run_id as holderRunId']);
    return this.#connection.all(query);
  }

  async listProgress(runId: string) {
    return listProgress(this.#connection, runId);
  }

  close() {
    return this.#close();
  }
}
