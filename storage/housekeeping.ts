import type { Digest } from '../contracts/digest.ts';
import type { BlobKind } from './blob-references.ts';
import type { TaskResultRecord } from './result-index.ts';
import type { ProcessRecord, RunRecord } from './run-log.ts';

export interface FileCount {
  readonly count: number;
  readonly sizeBytes: number;
}

/** A record that refers to a blob, of a full reuse also the one that stands on it. */
export interface BlobHolder {
  readonly run: RunRecord;
  /** Null where the run itself refers to it, with its plan. */
  readonly taskResult: TaskResultRecord | null;
}

export interface DamagedBlob {
  readonly digest: Digest;
  readonly kind: BlobKind;
  readonly problem: 'missing' | 'damaged';
  readonly holders: readonly BlobHolder[];
}

export interface VerifyProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * What is known of the database itself: `pages` and references were read; `reports`: the server's own account of pages whose
 * checksums were wrong; `nothing`: the server keeps no checksums.
 */
export type DatabaseCheck = 'pages' | 'reports' | 'nothing';

export interface VerifyReport {
  readonly databaseCheck: DatabaseCheck;
  /** What the database says of itself; empty when it is sound. */
  readonly databaseProblems: readonly string[];
  readonly verified: FileCount;
  readonly damaged: readonly DamagedBlob[];
}

export interface GarbageOptions {
  /** Whatever was put, also in vain, is kept for so long. */
  readonly graceMs: number;
  /** Forgets runs that ended longer ago than this; without it no run and no result is forgotten. */
  readonly olderThanMs?: number;
  /** Of each task specification of each evaluation, the latest completed results whose runs are not forgotten. */
  readonly keepLatest: number;
  /** Counts, and changes nothing. */
  readonly dryRun: boolean;
  readonly nowMs: number;
  isProcessAlive(process: ProcessRecord): boolean;
}

/** Rows that went, or would go. */
export interface RemovedRows {
  readonly runs: number;
  readonly taskResults: number;
  readonly journalRows: number;
  readonly fingerprints: number;
  /** Datasets that were read once and whose stored rows nothing uses any more. */
  readonly selections: number;
  readonly processes: number;
}

/** Files that went, or would go. */
export interface RemovedFiles {
  readonly blobs: FileCount;
  /** Of writes, and of collections, that were killed. */
  readonly temporary: FileCount;
  /** Put aside because they were damaged. */
  readonly damaged: FileCount;
}

export interface GarbageReport {
  readonly rows: RemovedRows;
  readonly files: RemovedFiles;
  /** Files that nothing refers to and that stay because they were written too lately. */
  readonly young: FileCount;
}

/** A result that others stand on. */
export interface StandingResult {
  readonly removed: TaskResultRecord;
  readonly by: TaskResultRecord;
}

/** What was erased at once, and which of the blobs were not. */
export interface PurgeReport {
  readonly rows: RemovedRows;
  readonly blobs: FileCount;
  /** Others refer to them. */
  readonly used: FileCount;
  /** A run at work may have put them again; the next garbage collection knows. */
  readonly busy: FileCount;
}

export interface RemovalReport {
  /** As they were before. */
  readonly removed: readonly TaskResultRecord[];
  /** Results that stand on removed ones: of a full reuse all of it stays, of a partial one its solver outputs. */
  readonly standing: readonly StandingResult[];
  readonly purged: PurgeReport | null;
}

/** A task result that has ended and that holds pieces of its own. */
export interface StoredResult {
  readonly run: RunRecord;
  readonly taskResult: TaskResultRecord;
  readonly sizeBytes: number;
  readonly lost: 'none' | 'scores' | 'outputs';
  /** Results that stand on it: fully, or on its solver outputs. */
  readonly standing: number;
}

export interface StoredResults {
  /** By task specification, of each the one solved last first. */
  readonly results: readonly StoredResult[];
  /** Of their pieces, those that several share counted once. */
  readonly sizeBytes: number;
  /** Of everything in the store. */
  readonly blobs: FileCount;
  readonly databaseSizeBytes: number;
}

/** Keeps a store small and sound. Every operation is safe beside running evaluations and beside itself. */
export interface Housekeeping {
  /**
   * Reads every blob that a record refers to; what is damaged is put aside, so that look-ups miss it. Memory holds a few
   * blobs and what is damaged.
   */
  verify(options?: { readonly onProgress?: (progress: VerifyProgress) => void }): Promise<VerifyReport>;
  /** Removes what nothing refers to, rows before blobs: killed at any moment it leaves garbage, never a gap. */
  collectGarbage(options: GarbageOptions): Promise<GarbageReport>;
  /** Results that hold pieces; `task` names a task or a task specification. */
  listStoredResults(options: { readonly task?: string }): Promise<StoredResults>;
  /** Task results of a run, those included whose place in it another has taken and that look-ups may find all the same. */
  listResultsOfRun(runId: string): Promise<readonly TaskResultRecord[]>;
  /**
   * Takes results out: no look-up finds them any more. Their rows and blobs go with the next garbage collection that finds
   * nothing standing on them; with `purge` at once.
   *
   * @throws {EvaluationError} `usage` when a run of one of them is open; nothing is changed then.
   */
  removeResults(
    taskResultIds: readonly string[],
    options: { readonly purge: boolean; readonly dryRun: boolean },
  ): Promise<RemovalReport>;
}
