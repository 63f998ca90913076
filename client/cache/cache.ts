import type { CacheGcDocument, CacheListDocument, CacheRmDocument, CacheVerifyDocument } from './cache-documents.ts';

export interface GcOptions {
  /** Forgets runs that ended longer ago than this, in milliseconds; without it no run is forgotten. */
  readonly olderThanMs?: number;
  /** Of each task specification, the latest completed results whose runs `olderThanMs` spares; 1 by default. */
  readonly keepLatest?: number;
  readonly dryRun?: boolean;
  /** How long whatever was written stays, although nothing refers to it; an hour by default. For tests. */
  readonly graceMs?: number;
}

export interface RemoveOptions {
  /** Erases at once what nothing else uses; otherwise the next `gc` does. */
  readonly purge?: boolean;
  readonly dryRun?: boolean;
}

/** Keeps the store small and sound; sends nothing and starts nothing. Safe beside running evaluations. */
export interface Cache {
  /** Reads everything that any record refers to; puts aside what is damaged, so that the next look-up misses it. */
  verify(options?: {
    readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  }): Promise<CacheVerifyDocument>;
  gc(options?: GcOptions): Promise<CacheGcDocument>;
  /** `task`: only results of this task, or of this task specification. */
  list(options?: { readonly task?: string }): Promise<CacheListDocument>;
  /**
   * Takes results out of reuse: `RUN`, or `RUN/TASK` for one task specification of a run.
   *
   * @throws {EvaluationError} `usage` for an open run or an unknown task, `run-not-found`, `run-ambiguous`; nothing is
   *   removed then.
   */
  remove(references: readonly string[], options?: RemoveOptions): Promise<CacheRmDocument>;
}
