import { sql } from 'kysely';
import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { isFinal } from '../../contracts/status.ts';
import type { Mending, NewRun, NewTaskResult, ProcessRecord, RunLog, RunRecord } from '../run-log.ts';
import { build } from './build.ts';
import { createMendingRun } from './create-mending-run.ts';
import { createRun } from './create-run.ts';
import type { Database } from './database.ts';
import { recordTemporal, takeDuty } from './duties.ts';
import { eachOf } from './each-of.ts';
import { recordRunEnd } from './end-run.ts';
import { listProgress } from './list-progress.ts';
import { listPlannedKeys } from './planned-keys.ts';
import { reopenRun } from './reopen-run.ts';
import { resolveRun } from './resolve-run.ts';
import * as owners from './run-owners.ts';
import { getRunRow, listRunRecords, toRunRecord, updateRun } from './run-rows.ts';
import { defaultSegmentSize, findSegmentSize } from './segment-size.ts';
import { findOpenTaskResultRow } from './task-result-rows.ts';
import { listUsage } from './usage-rows.ts';
import { useColumns } from './use-columns.ts';
import { putWait, removeWait } from './wait-rows.ts';
import { all, find, type Query } from './work.ts';

/** The run log in a database. Every method is one transaction. */
export class SqlRunLog implements RunLog {
  readonly #database: Database;
  readonly #now: () => string;
  readonly #close: () => Promise<void>;

  constructor(database: Database, options: { readonly now: () => string; readonly close: () => Promise<void> }) {
    this.#database = database;
    this.#now = options.now;
    this.#close = options.close;
  }

  async getStoreId() {
    const row = await this.#find(build.selectFrom('store_properties').select('value').where('name', '=', 'store_id'));
    if (row === undefined) throw new EvaluationError('store-damaged', 'The store has lost its id.');
    return row.value;
  }

  async getSegmentSize() {
    return (await this.#database.snapshot(findSegmentSize)) ?? defaultSegmentSize;
  }

  async createRun(run: NewRun, taskResults: readonly NewTaskResult[]) {
    await this.#database.transaction(() => createRun(run, taskResults));
  }

  async createMendingRun(run: NewRun & { readonly mends: string }, mendings: readonly Mending[]) {
    await this.#database.transaction(() => createMendingRun(run, mendings, this.#now()));
  }

  async getRun(reference: string) {
    return this.#database.snapshot(function* () {
      const row = yield* resolveRun(reference);
      return toRunRecord(yield* useColumns(), row);
    });
  }

  async findRuns(runIds: readonly string[]) {
    const query = build.selectFrom('runs').selectAll().where('run_id', 'in', eachOf(runIds));
    return this.#database.snapshot(() => listRunRecords(query));
  }

  async listRuns({ limit }: { readonly limit: number }) {
    const query = build.selectFrom('runs').selectAll().orderBy('sequence', 'desc').limit(limit);
    return this.#database.snapshot(() => listRunRecords(query));
  }

  /** Oldest first: the order in which they are taken up. */
  async findOpenRuns() {
    const query = build
      .selectFrom('runs')
      .selectAll()
      // Literals, not bound, for the sake of the index of open runs.
      .where('status', 'in', [sql.lit('pending' as const), sql.lit('running' as const)])
      .orderBy('sequence');
    return this.#database.snapshot(() => listRunRecords(query));
  }

  async findNewestRun(planDigest: Digest) {
    const query = build
      .selectFrom('runs')
      .selectAll()
      .where('plan_digest', '=', planDigest)
      .orderBy('sequence', 'desc')
      .limit(1);
    return (await this.#database.snapshot(() => listRunRecords(query)))[0];
  }

  async listPlannedKeys(runId: string) {
    return this.#database.snapshot(() => listPlannedKeys(runId));
  }

  async recordRunStarted(runId: string, attempt?: number) {
    await this.#database.transaction(function* () {
      const run = yield* getRunRow(runId);
      if (run.status !== 'pending' || run.attempt !== (attempt ?? run.attempt)) return;
      yield* updateRun(runId, { status: 'running' });
    });
  }

  async recordPaused(runId: string, pausedAt: string | null) {
    return this.#database.transaction(function* () {
      const run = yield* getRunRow(runId);
      if (isFinal(run.status)) return false;
      yield* updateRun(runId, { paused_at: pausedAt });
      return true;
    });
  }

  async recordRunEnd(runId: string, options: Parameters<RunLog['recordRunEnd']>[1]) {
    return this.#database.transaction(() => recordRunEnd(runId, options, this.#now()));
  }

  async reopenRun(runId: string, options?: Parameters<RunLog['reopenRun']>[1]) {
    return this.#database.transaction(() => reopenRun(runId, options, this.#now()));
  }

  async takeRun(runId: string, processId: string, isAlive: (owner: ProcessRecord) => boolean) {
    return this.#database.transaction(() => owners.takeRun(runId, processId, isAlive));
  }

  async releaseRun(runId: string, processId: string, attempt?: number) {
    await this.#database.transaction(() => owners.releaseRun(runId, processId, attempt));
  }

  async placeRun(runId: string, place: Pick<RunRecord, 'workQueue' | 'ownerId'>) {
    await this.#database.transaction(() => owners.placeRun(runId, place));
  }

  async registerProcess(process: ProcessRecord) {
    await this.#database.transaction(() => owners.registerProcess(process));
  }

  async renewProcess(processId: string, seenAt: string) {
    return this.#database.transaction(() => owners.renewProcess(processId, seenAt));
  }

  async removeProcess(processId: string) {
    await this.#database.transaction(() => owners.removeProcess(processId));
  }

  async listProcesses() {
    return this.#database.snapshot(owners.listProcesses);
  }

  async takeDuty(
    duty: string,
    processId: string,
    keepsIt: (holder: ProcessRecord, sign: string) => boolean,
    sign?: string,
  ) {
    return this.#database.transaction(() => takeDuty(duty, processId, keepsIt, sign));
  }

  async recordTemporal(id: string, now: string) {
    return this.#database.transaction(() => recordTemporal(id, now));
  }

  async recordWait(taskResultId: string, holderRunId: string | null) {
    await this.#database.transaction(function* () {
      if (holderRunId === null) yield* removeWait(taskResultId);
      else if ((yield* findOpenTaskResultRow(taskResultId)) !== undefined) {
        yield* putWait(taskResultId, holderRunId);
      }
    });
  }

  async listWaits(runId: string) {
    const query = build
      .selectFrom('waits')
      .innerJoin('task_results', 'task_results.task_result_id', 'waits.task_result_id')
      .where('task_results.run_id', '=', runId)
      .orderBy('task_results.position')
      .select(['waits.task_result_id as taskResultId', 'waits.holder_run_id as holderRunId']);
    return this.#all(query);
  }

  async listProgress(runId: string) {
    return this.#database.snapshot(() => listProgress(runId));
  }

  async listUsage(runId: string) {
    return this.#database.snapshot(() => listUsage(runId));
  }

  close() {
    return this.#close();
  }

  #all<Row>(query: Query<Row>): Promise<Row[]> {
    return this.#database.snapshot(() => all(query));
  }

  #find<Row>(query: Query<Row>): Promise<Row | undefined> {
    return this.#database.snapshot(() => find(query));
  }
}
