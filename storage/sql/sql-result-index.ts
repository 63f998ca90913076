import type { Digest } from '../../contracts/digest.ts';
import type { FinalStatus } from '../../contracts/status.ts';
import { encodeUsage } from '../../evaluation/usage/stored-usage.ts';
import { addUsage, type Usage } from '../../evaluation/usage/usage.ts';
import type { SegmentId, SegmentWork, Stage } from '../journal.ts';
import type { JudgedResult, RecordedError, ResultIndex, SegmentRecord, TaskResultSummary } from '../result-index.ts';
import type { Database } from './database.ts';
import * as find from './find-results.ts';
import { findFingerprints } from './fingerprint-rows.ts';
import { removeSegmentFromJournal } from './journal-rows.ts';
import { type RunningDecision, recordAlias, recordRunning } from './record-decision.ts';
import { publish, recordEnd } from './record-end.ts';
import { recordLostSegment } from './record-lost-segment.ts';
import { findSegmentRow, listSegmentRows, listSegmentsOf, putSegmentRow, toSegmentRecord } from './segment-rows.ts';
import {
  findOpenTaskResultRow,
  findTaskResultRow,
  isSuperseded,
  joinWarnings,
  updateTaskResult,
} from './task-result-rows.ts';
import { addLostUsage, countSent, getLostUsage } from './usage-rows.ts';
import type { Work } from './work.ts';

/** What the index wants of the journal: many segments are sealed a second, and each sync of the disk takes its time. */
export interface JournalWriter {
  /** Does further work in the journal's next commit; it sees what was appended before. */
  writeTogether(work: () => Work<void>): Promise<void>;
}

/** The result index in a database. Every method is one transaction. */
export class SqlResultIndex implements ResultIndex {
  readonly #database: Database;
  readonly #journal: JournalWriter;
  readonly #now: () => string;

  constructor(database: Database, journal: JournalWriter, now: () => string) {
    this.#database = database;
    this.#journal = journal;
    this.#now = now;
  }

  async findTaskResults(taskResultIds: readonly string[]) {
    return this.#database.snapshot(() => find.findTaskResults(taskResultIds));
  }

  async listTaskResults(runId: string) {
    return this.#database.snapshot(() => find.listTaskResults(runId));
  }

  async findCurrentResults(resultKeys: readonly Digest[]) {
    return this.#database.snapshot(() => find.findCurrentResults(resultKeys));
  }

  async findSolvedResults(solverKeys: readonly Digest[]) {
    return this.#database.snapshot(() => find.findSolvedResults(solverKeys));
  }

  async findComparableResults(taskKeys: readonly string[]) {
    return this.#database.snapshot(() => find.findComparableResults(taskKeys));
  }

  async findFingerprints(digests: readonly Digest[]) {
    return this.#database.snapshot(() => findFingerprints(digests));
  }

  async findWorkingResults(solverKeys: readonly Digest[]) {
    return this.#database.snapshot(() => find.findWorkingResults(solverKeys));
  }

  async recordAlias(
    taskResultId: string,
    decision: { readonly sourceId: string; readonly warnings: readonly string[]; readonly usage?: Usage },
    attempt?: number,
  ) {
    const by = { now: this.#now(), attempt };
    return this.#database.transaction(() => recordAlias(taskResultId, decision, by));
  }

  async recordRunning(taskResultId: string, decision: RunningDecision, attempt?: number) {
    const by = { now: this.#now(), attempt };
    return this.#database.transaction(() => recordRunning(taskResultId, decision, by));
  }

  registerSegment(segment: SegmentWork, record: Omit<SegmentRecord, 'segmentIndex' | 'isReopened'>) {
    const now = this.#now;
    return this.#journal.writeTogether(function* () {
      const row = yield* findOpenTaskResultRow(segment.taskResultId, segment.attempt);
      if (row === undefined) return;
      const existing = yield* findSegmentRow(segment);
      if (existing === undefined || existing.is_reopened === 1) {
        yield* putSegmentRow(segment, record);
        // The last solve segment to be sealed says when the solver outputs were complete.
        if (segment.stage === 'solve') yield* updateTaskResult(segment.taskResultId, { solved_at: now() });
      }
      yield* removeSegmentFromJournal(segment);
    });
  }

  async findSegment(segment: SegmentId) {
    const row = await this.#database.snapshot(() => findSegmentRow(segment));
    return row === undefined ? undefined : toSegmentRecord(row);
  }

  async listSegments(taskResultId: string, stage: Stage) {
    return (await this.#database.snapshot(() => listSegmentRows(taskResultId, stage))).map(toSegmentRecord);
  }

  async listSegmentsOf(taskResultIds: readonly string[]) {
    return this.#database.snapshot(() => listSegmentsOf(taskResultIds));
  }

  async recordLostSegment(segment: SegmentWork, blob: Digest) {
    await this.#database.transaction(() => recordLostSegment(segment, blob));
  }

  async recordSummary(
    taskResultId: string,
    { samples, queries, answersStood = 0, usage = [], manifest, metrics, resultDigest }: TaskResultSummary,
    attempt?: number,
  ) {
    await this.#database.transaction(function* () {
      if ((yield* findOpenTaskResultRow(taskResultId, attempt)) === undefined) return;
      const lost = yield* getLostUsage(taskResultId);
      const lostQueries = countSent(lost);
      yield* updateTaskResult(taskResultId, {
        samples_total: samples.total,
        samples_solver_errors: samples.solverErrors,
        samples_errors: samples.errors,
        samples_excluded: samples.excludedFromMetrics,
        queries_sent: queries.sent + lostQueries.sent,
        queries_retried: queries.retried + lostQueries.retried,
        queries_saved: queries.saved,
        answers_stood: answersStood,
        usage: encodeUsage(addUsage(usage, lost)),
        manifest_digest: manifest.digest,
        manifest_size: manifest.sizeBytes,
        metrics_digest: metrics.digest,
        metrics_size: metrics.sizeBytes,
        result_digest: resultDigest,
      });
    });
  }

  async addLostUsage(segment: SegmentWork, lost: Usage) {
    await this.#database.transaction(function* () {
      const row = yield* findTaskResultRow(segment.taskResultId);
      // One that was cancelled meanwhile has sent it all the same.
      if (row === undefined || row.status === 'completed' || isSuperseded(row, segment.attempt)) return;
      yield* addLostUsage(segment.taskResultId, lost);
    });
  }

  async addWarnings(taskResultId: string, warnings: readonly string[], attempt?: number) {
    await this.#database.transaction(function* () {
      const row = yield* findOpenTaskResultRow(taskResultId, attempt);
      if (row === undefined) return;
      yield* updateTaskResult(taskResultId, { warnings: yield* joinWarnings(row, warnings) });
    });
  }

  async publish(taskResultId: string, judged: JudgedResult | null, attempt?: number) {
    const by = { now: this.#now(), attempt };
    return this.#database.transaction(() => publish(taskResultId, judged, by));
  }

  async recordEnd(
    taskResultId: string,
    end: { readonly status: Exclude<FinalStatus, 'completed'>; readonly error: RecordedError | null },
    attempt?: number,
  ) {
    const by = { now: this.#now(), attempt };
    return this.#database.transaction(() => recordEnd(taskResultId, end, by));
  }
}
