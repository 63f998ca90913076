import type { Digest } from '../../contracts/digest.ts';
import type { Status } from '../../contracts/status.ts';
import type { BlobKind } from '../../storage/blob-references.ts';

/** Files with what they take on disk. */
export interface FilesDocument {
  readonly count: number;
  readonly size_bytes: number;
}

/** One task result as the commands of the cache name it. */
export interface ResultNameDocument {
  readonly run: string;
  readonly task: string;
  readonly task_result: string;
}

/** What a look-up may take of a stored result: everything, its solver outputs, or nothing. */
export type Reusability = 'full' | 'solver-outputs' | 'none';

export interface StoredResultDocument extends ResultNameDocument {
  readonly task_key: string;
  readonly evaluation: string;
  readonly label: string | null;
  readonly status: Status;
  readonly reusable: Reusability;
  /** Why not more of it; null where all of it is. */
  readonly because: string | null;
  /** When its solver outputs were solved, ISO 8601; null where they are not complete. */
  readonly solved_at: string | null;
  /** User and host of the run, as far as they are known. */
  readonly solved_by: string | null;
  readonly samples: { readonly total: number; readonly errors: number };
  /** On disk; pieces shared with other results are counted for each. */
  readonly size_bytes: number;
  /** Results that stand on it, fully or on its solver outputs. */
  readonly standing: number;
}

/** `cache ls`: what is stored, by task specification, the one solved last first. */
export interface CacheListDocument {
  readonly results: readonly StoredResultDocument[];
  readonly totals: {
    readonly results: number;
    readonly reusable: number;
    /** Of the results listed, shared pieces counted once. */
    readonly size_bytes: number;
    /** Of the whole store, whatever is listed. */
    readonly store: { readonly blobs: FilesDocument; readonly database_size_bytes: number };
  };
}

export interface DamagedPieceDocument {
  readonly digest: Digest;
  readonly piece: BlobKind;
  readonly problem: 'missing' | 'damaged';
  /** What becomes of it: one sentence. */
  readonly consequence: string;
  /** Results that it belongs to, those that repeat one as a whole included; `task` is null where the run itself has it. */
  readonly concerns: readonly {
    readonly run: string;
    readonly task: string | null;
    readonly task_result: string | null;
    /** What a look-up may still take of that result; null where it takes nothing of it in any case. */
    readonly reusable: Reusability | null;
  }[];
}

/** `cache verify`. */
export interface CacheVerifyDocument {
  readonly sound: boolean;
  readonly database: {
    readonly sound: boolean;
    /** All `pages`; `reports`: what the server has noted of damaged pages; `nothing`: it keeps no checksums of them. */
    readonly checked: 'pages' | 'reports' | 'nothing';
    readonly problems: readonly string[];
  };
  /** Blobs that were read and are what they should be. */
  readonly verified: FilesDocument;
  readonly damaged: readonly DamagedPieceDocument[];
}

export interface RemovedRowsDocument {
  readonly runs: number;
  readonly task_results: number;
  readonly journal_rows: number;
  readonly fingerprints: number;
  readonly selections: number;
  readonly processes: number;
}

/** `cache gc`: what went, or would go under `dry_run`. */
export interface CacheGcDocument {
  readonly dry_run: boolean;
  readonly rows: RemovedRowsDocument;
  readonly blobs: FilesDocument;
  readonly temporary_files: FilesDocument;
  readonly damaged_files: FilesDocument;
  readonly freed_bytes: number;
  /** Nothing refers to them, but they were written too lately to be sure. */
  readonly kept: FilesDocument;
}

/** `cache rm`. */
export interface CacheRmDocument {
  readonly dry_run: boolean;
  readonly removed: readonly (ResultNameDocument & {
    /** It had been taken out before. */
    readonly was_removed: boolean;
    /** Of a full reuse, the result that stands in it and that look-ups find all the same, unless it was removed, too. */
    readonly reused_from: ResultNameDocument | null;
  })[];
  /** What stays on disk, and for whom. */
  readonly stayed: readonly {
    readonly removed: ResultNameDocument;
    readonly by: ResultNameDocument;
    readonly what: 'everything' | 'solver-outputs';
  }[];
  /** With `--purge`, what was erased at once, or would be. */
  readonly purged: {
    readonly rows: RemovedRowsDocument;
    readonly blobs: FilesDocument;
    /** Blobs that other records use. */
    readonly used: FilesDocument;
    /** Blobs that runs at work may be using; the next `cache gc` knows. */
    readonly busy: FilesDocument;
  } | null;
}
