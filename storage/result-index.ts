import type { CachePolicy, Verdict } from '../contracts/cache-policy.ts';
import type { Digest } from '../contracts/digest.ts';
import type { JsonObject, JsonValue } from '../contracts/json.ts';
import type { FinalStatus, Status } from '../contracts/status.ts';
import type { BlobReference } from '../evaluation/plan.ts';
import type { StoredUsage } from '../evaluation/usage/stored-usage.ts';
import type { Usage } from '../evaluation/usage/usage.ts';
import type { SegmentId, SegmentWork, Stage } from './journal.ts';

/** Counts of queries: sent ones (retries apart), retries, and those that reuse made unnecessary. */
export interface QueryCounts {
  readonly sent: number;
  readonly retried: number;
  readonly saved: number;
}

export interface SampleCounts {
  readonly total: number;
  /** Samples with an error of stage `solver`. */
  readonly solverErrors: number;
  /** Samples with any error. */
  readonly errors: number;
  readonly excludedFromMetrics: number;
}

export interface RecordedError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** One task result; times are ISO 8601 in UTC. */
export interface TaskResultRecord {
  readonly taskResultId: string;
  readonly runId: string;
  /** Key of the task specification, and its place in the evaluation from 0. */
  readonly key: string;
  readonly position: number;
  readonly taskKey: string;
  readonly solverKey: Digest;
  readonly resultKey: Digest;
  readonly policy: CachePolicy;
  readonly status: Status;
  readonly attempt: number;
  /** What the decision found; null before it. */
  readonly reuse: Verdict | null;
  /** The task result whose work stands: of a full reuse everything, of a partial one the solver outputs. */
  readonly reusedFrom: string | null;
  /** The completed task result whose errors this one tries again; null for any other. */
  readonly mends: string | null;
  /** The run that was waited for, if its work stands here. */
  readonly waitedFor: string | null;
  /** Whether a look-up by result key finds it. */
  readonly isCurrent: boolean;
  /** Whether its owner took it out of reuse: no look-up finds it. */
  readonly isRemoved: boolean;
  readonly segmentCount: number;
  readonly samples: SampleCounts;
  readonly queries: QueryCounts;
  /** Single answers of other results that stood in it (`reuse.answers`); in none of `queries`. */
  readonly answersStood: number;
  /** What its queries came to; null before its metrics are computed, and from before it was counted. */
  readonly usage: StoredUsage | null;
  readonly manifest: BlobReference | null;
  readonly metrics: BlobReference | null;
  readonly resultDigest: Digest | null;
  readonly error: RecordedError | null;
  /** Why work was needed (design 5); null until decided or when there is nothing to compare with. */
  readonly why: JsonValue | null;
  readonly warnings: readonly string[];
  readonly createdAt: string;
  readonly startedAt: string | null;
  /** When its solver outputs were solved; a partial reuse takes over its source's. */
  readonly solvedAt: string | null;
  readonly endedAt: string | null;
}

export interface SegmentRecord {
  readonly segmentIndex: number;
  readonly blob: BlobReference;
  readonly samples: number;
  /** Samples of the segment with an error of this stage. */
  readonly errors: number;
  readonly queries: { readonly sent: number; readonly retried: number };
  /** What these queries came to; of solver outputs that were taken over, as standing. Left out where there is none. */
  readonly usage?: StoredUsage;
  /** Single answers of other results that stood in it, and when the oldest of them had arrived, ISO 8601. */
  readonly answersStood?: number;
  readonly answersSince?: string | null;
  /** A `resume` tries the errors of this segment again; what is good in it stands. */
  readonly isReopened: boolean;
}

export interface TaskResultSummary {
  readonly samples: SampleCounts;
  /** Without what left for lost work, which the store adds. */
  readonly queries: QueryCounts;
  readonly answersStood?: number;
  readonly usage?: Usage;
  readonly manifest: BlobReference;
  readonly metrics: BlobReference;
  readonly resultDigest: Digest;
}

/** A current result, and whether it is usable by the limits of whoever wants to publish beside it. */
export interface JudgedResult {
  readonly taskResultId: string;
  readonly isUsable: boolean;
}

/** A result to explain a miss against; its keys name its fingerprints. */
export type ComparableResult = Pick<
  TaskResultRecord,
  | 'taskResultId'
  | 'runId'
  | 'key'
  | 'taskKey'
  | 'solverKey'
  | 'resultKey'
  | 'policy'
  | 'status'
  | 'isRemoved'
  | 'samples'
  | 'endedAt'
>;

/** The sealed segments of both stages of one task result, in order of segment index. */
export type StageSegments = Readonly<Record<Stage, readonly SegmentRecord[]>>;

/**
 * What is stored under which key. Every method is one transaction; every recording is idempotent and changes nothing
 * about a task result that already has a final status, so that a zombie or a replay cannot change what stands.
 *
 * `attempt` is the attempt of the task result for which something is recorded: where another one is at work meanwhile,
 * nothing is. Left out, whichever is at work is meant.
 */
export interface ResultIndex {
  /** Task results by id, in no order; unknown ids are left out. */
  findTaskResults(taskResultIds: readonly string[]): Promise<readonly TaskResultRecord[]>;
  /** Of one run, in the order of the evaluation. */
  listTaskResults(runId: string): Promise<readonly TaskResultRecord[]>;
  /** The current result of each result key that has one; aliases and `no-cache` results are never among them. */
  findCurrentResults(resultKeys: readonly Digest[]): Promise<ReadonlyMap<Digest, TaskResultRecord>>;
  /**
   * Completed, reusable results that computed their scores, by solver key, the one solved last first (a tie: the
   * greatest id first); at most 20 of each.
   */
  findSolvedResults(solverKeys: readonly Digest[]): Promise<ReadonlyMap<Digest, readonly TaskResultRecord[]>>;
  /**
   * By task key, the latest ended results that are no aliases, newest first, at most 50 of each, failed and `no-cache` ones
   * included.
   */
  findComparableResults(taskKeys: readonly string[]): Promise<ReadonlyMap<string, readonly ComparableResult[]>>;
  /** Fingerprints by their digests, which are keys; unknown ones are left out. */
  findFingerprints(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, JsonObject>>;
  /** By solver key, task results under `reuse` that have not ended: whose work others wait for; the oldest run first. */
  findWorkingResults(solverKeys: readonly Digest[]): Promise<ReadonlyMap<Digest, readonly TaskResultRecord[]>>;
  /**
   * Ends a task result as alias of `sourceId`: full reuse. False, changing nothing, where that result may not be reused
   * any more: it is to be decided again. `usage` is the source's, by the names and prices of this one's plan; left out, as
   * the source has it.
   */
  recordAlias(
    taskResultId: string,
    decision: { readonly sourceId: string; readonly warnings: readonly string[]; readonly usage?: Usage },
    attempt?: number,
  ): Promise<boolean>;
  /**
   * Marks it `running`; under partial reuse it takes over the source's solve segments (the same blobs) in this transaction.
   * The first decision of an attempt stands. False, changing nothing, where the source may not be reused any more.
   */
  recordRunning(
    taskResultId: string,
    decision: {
      readonly verdict: Exclude<Verdict, 'full'>;
      readonly sourceId?: string;
      readonly why: JsonValue | null;
      readonly warnings: readonly string[];
    },
    attempt?: number,
  ): Promise<boolean>;
  /** Seals a segment and removes its journal rows. An existing one that is not reopened stands. */
  registerSegment(segment: SegmentWork, record: Omit<SegmentRecord, 'segmentIndex' | 'isReopened'>): Promise<void>;
  /**
   * Notes, with a warning, that a sealed segment cannot be read: it is missing from then on, and what judged it with it. A
   * task result that took its solver outputs over loses that decision and all of them, to decide anew. Nothing changes
   * where another blob was sealed meanwhile.
   */
  recordLostSegment(segment: SegmentWork, blob: Digest): Promise<void>;
  findSegment(segment: SegmentId): Promise<SegmentRecord | undefined>;
  /** In order of segment index. */
  listSegments(taskResultId: string, stage: Stage): Promise<readonly SegmentRecord[]>;
  /** Of many task results at once; one without segments is left out. */
  listSegmentsOf(taskResultIds: readonly string[]): Promise<ReadonlyMap<string, StageSegments>>;
  /** Keeps the outcome of a task result that is about to be published or to fail for its errors. */
  recordSummary(taskResultId: string, summary: TaskResultSummary, attempt?: number): Promise<void>;
  /** Counts what left for a segment without coming to an outcome of any sample: abandoned, or met by an outage. */
  addLostUsage(segment: SegmentWork, lost: Usage): Promise<void>;
  addWarnings(taskResultId: string, warnings: readonly string[], attempt?: number): Promise<void>;
  /**
   * Completes a task result from its recorded summary. Under `reuse` it becomes the current result of its key only where
   * there is none or where the present one was judged unusable; `update` replaces always; `no-cache` never becomes it.
   *
   * @param judged - The current result as the caller found and judged it; null: it found none.
   * @returns false, changing nothing, where under `reuse` another one is current by now: it has to be judged first.
   */
  publish(taskResultId: string, judged: JudgedResult | null, attempt?: number): Promise<boolean>;
  /** Ends it and, under `reuse`, its twins in the same run (equal result keys) with it. Returns the status that stands. */
  recordEnd(
    taskResultId: string,
    end: { readonly status: Exclude<FinalStatus, 'completed'>; readonly error: RecordedError | null },
    attempt?: number,
  ): Promise<FinalStatus>;
}
