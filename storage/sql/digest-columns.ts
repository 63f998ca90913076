import type { Digest } from '../../contracts/digest.ts';
import type { Tables } from '../sql/tables.ts';

/** What a digest in a column means for the blobs. */
export type DigestUse =
  /** It names a blob, which stays as long as the row does. */
  | 'plan'
  | 'scheduled-plan'
  | 'manifest'
  | 'metrics'
  | 'segment'
  /** It names a blob that may go all the same: the row goes with it, and costs time only. */
  | 'weak'
  /** It is the key of something that is no blob. */
  | 'key';

type Unwrapped<Value> = Value extends null ? never : Value;
/** Columns of a table that hold a digest, as their type says. */
type DigestColumn<Table> = {
  [Column in keyof Table]: [Unwrapped<Table[Column]>] extends [Digest] ? Column : never;
}[keyof Table];

type DigestColumns = {
  readonly [Table in keyof Tables as [DigestColumn<Tables[Table]>] extends [never] ? never : Table]: Readonly<
    Record<DigestColumn<Tables[Table]>, DigestUse>
  > &
    // Texts with digests in them may be named as well; their type does not tell.
    Partial<Readonly<Record<keyof Tables[Table], DigestUse>>>;
};

/**
 * Every column with a digest, and what it refers to: the roots of garbage collection and of `cache verify`. A new column of
 * type `Digest` that is not classified here does not build; that no other text names a blob is shown by a test, which runs
 * evaluations and then looks for digests in every column.
 */
export const digestColumns = {
  runs: { plan: 'plan', plan_digest: 'key' },
  task_results: {
    solver_key: 'key',
    result_key: 'key',
    manifest_digest: 'manifest',
    metrics_digest: 'metrics',
    result_digest: 'key',
    why: 'key',
  },
  // A recording counts by the digest of its bytes, which is also the name of its blob; the plan is what keeps it.
  fingerprints: { digest: 'key', fingerprint: 'key' },
  segments: { blob_digest: 'segment' },
  schedules: { plan: 'scheduled-plan' },
  file_digests: { digest: 'key' },
  selections: { reader_digest: 'key', manifest_digest: 'weak', selection: 'weak' },
} as const satisfies DigestColumns;
