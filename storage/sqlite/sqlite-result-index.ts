import type { Digest } from '../../contracts/digest.ts';
import type { FinalStatus } from '../../contracts/status.ts';
import type { SegmentId, SegmentWork, Stage } from '../journal.ts';
import type { JudgedResult, RecordedError, ResultIndex, SegmentRecord, TaskResultSummary } from '../result-index.ts';
import type { SqliteConnection } from './connection.ts';
import * as find from './find-results.ts';
import { JournalRows } from './journal-rows.ts';
import { type RunningDecision, recordAlias, recordRunning } from './record-decision.ts';
import { publish, recordEnd } from './record-end.ts';
import { recordLostSegment } from './record-lost-segment.ts';
import { findSegmentRow, listSegmentRows, putSegmentRow, toSegmentRecord } from './segment-rows.ts';
import type { SqliteJournal } from './sqlite-journal.ts';
import { findOpenTaskResultRow, joinWarnings, updateTaskResult } from './task-result-rows.ts';

/** The result index in SQLite. Every method is one transaction; all but sealing are over before the event loop turns. */
export class SqliteResultIndex implements ResultIndex {
  readonly #connection: SqliteConnection;
  readonly #journal: SqliteJournal;
  readonly #journalRows: JournalRows;
  readonly #now: () => string;

  constructor(connection: SqliteConnection, journal: SqliteJournal, now: () => string) {
    this.#connection = connection;
    this.#journal = journal;
    this.#journalRows = new JournalRows(connection);
    this.#now = now;
  }

  async findTaskResults(taskResultIds: readonly string[]) {
    return find.findTaskResults(this.#connection, taskResultIds);
  }

  async listTaskResults(runId: string) {
    return find.listTaskResults(this.#connection, runId);
  }

  async findCurrentResults(resultKeys: readonly Digest[]) {
    return find.findCurrentResults(this.#connection, resultKeys);
  }

  async findSolvedResults(solverKeys: readonly Digest[]) {
    return find.findSolvedResults(this.#connection, solverKeys);
  }

  async findComparableResults(taskKey: string) {
    return find.findComparableResults(this.#connection, taskKey);
  }

  async recordAlias(
    taskResultId: string,
    decision: { readonly sourceId: string; readonly warnings: readonly string[] },
    attempt?: number,
  ) {
    const by = { now: this.#now(), attempt };
    return this.#connection.transaction(() => recordAlias(this.#connection, taskResultId, decision, by));
  }

  async recordRunning(taskResultId: string, decision: RunningDecision, attempt?: number) {
    const by = { now: this.#now(), attempt };
    return this.#connection.transaction(() => recordRunning(this.#connection, taskResultId, decision, by));
  }

  /** Shares its commit with the journal's: many segments are sealed a second, and each sync of the disk holds the thread. */
  registerSegment(segment: SegmentWork, record: Omit<SegmentRecord, 'segmentIndex' | 'isReopened'>) {
    return this.#journal.writeTogether(() => {
      const row = findOpenTaskResultRow(this.#connection, segment.taskResultId, segment.attempt);
      if (row === undefined) return;
      const existing = findSegmentRow(this.#connection, segment);
      if (existing === undefined || existing.is_reopened === 1) {
        putSegmentRow(this.#connection, segment, record);
        // The last solve segment to be sealed says when the solver outputs were complete.
        if (segment.stage === 'solve')
          updateTaskResult(this.#connection, segment.taskResultId, { solved_at: this.#now() });
      }
      this.#journalRows.removeSegment(segment);
    });
  }

  async findSegment(segment: SegmentId) {
    const row = findSegmentRow(this.#connection, segment);
    return row === undefined ? undefined : toSegmentRecord(row);
  }

  async listSegments(taskResultId: string, stage: Stage) {
    return listSegmentRows(this.#connection, taskResultId, stage).map(toSegmentRecord);
  }

  async recordLostSegment(segment: SegmentWork, blob: Digest) {
    this.#connection.transaction(() => recordLostSegment(this.#connection, segment, blob));
  }

  async recordSummary(
    taskResultId: string,
    { samples, queries, manifest, metrics, resultDigest }: TaskResultSummary,
    attempt?: number,
  ) {
    this.#connection.transaction(() => {
      if (findOpenTaskResultRow(this.#connection, taskResultId, attempt) === undefined) return;
      updateTaskResult(this.#connection, taskResultId, {
        samples_total: samples.total,
        samples_solver_errors: samples.solverErrors,
        samples_errors: samples.errors,
        samples_excluded: samples.excludedFromMetrics,
        queries_sent: queries.sent,
        queries_retried: queries.retried,
        queries_saved: queries.saved,
        manifest_digest: manifest.digest,
        manifest_size: manifest.sizeBytes,
        metrics_digest: metrics.digest,
        metrics_size: metrics.sizeBytes,
        result_digest: resultDigest,
      });
    });
  }

  async addWarnings(taskResultId: string, warnings: readonly string[], attempt?: number) {
    this.#connection.transaction(() => {
      const row = findOpenTaskResultRow(this.#connection, taskResultId, attempt);
      if (row === undefined) return;
      updateTaskResult(this.#connection, taskResultId, { warnings: joinWarnings(row, warnings) });
    });
  }

  async publish(taskResultId: string, judged: JudgedResult | null, attempt?: number) {
    const by = { now: this.#now(), attempt };
    return this.#connection.transaction(() => publish(this.#connection, taskResultId, judged, by));
  }

  async recordEnd(
    taskResultId: string,
    end: { readonly status: Exclude<FinalStatus, 'completed'>; readonly error: RecordedError | null },
    attempt?: number,
  ) {
    const by = { now: this.#now(), attempt };
    return this.#connection.transaction(() => recordEnd(this.#connection, taskResultId, end, by));
  }
}
