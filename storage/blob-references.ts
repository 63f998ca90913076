import type { Digest } from '../contracts/digest.ts';
import type { Plan, RowManifest } from '../evaluation/plan.ts';

/** What a blob is to the record that refers to it. */
export const blobKinds = [
  'plan',
  'row-manifest',
  'rows',
  'recording',
  'module',
  'solver-outputs',
  'scores',
  'manifest',
  'metrics',
] as const;
export type BlobKind = (typeof blobKinds)[number];

export interface BlobUse {
  readonly digest: Digest;
  readonly kind: BlobKind;
}

// The references that lie in blobs. Those that lie in the database are in `sql/digest-columns.ts`. The manifest of a task
// result holds none of its own: its segments are registered, and its rows are those of the plan. Texts of errors are
// blobs that no record refers to, only a history, until the end that they explain is recorded with the text itself.

/** Every blob that a plan refers to. */
export function listBlobsOfPlan(plan: Plan): readonly BlobUse[] {
  return [
    ...plan.tasks.map(({ dataset }): BlobUse => ({ digest: dataset.manifest, kind: 'row-manifest' })),
    ...Object.values(plan.models).flatMap(({ recording, module }): BlobUse[] => [
      ...(recording === undefined ? [] : [{ digest: recording.digest, kind: 'recording' as const }]),
      ...(module === undefined ? [] : [{ digest: module.bundle.digest, kind: 'module' as const }]),
    ]),
  ];
}

/** Every blob that a manifest of rows refers to. */
export function listBlobsOfRows(manifest: RowManifest): readonly BlobUse[] {
  return manifest.segments.map(({ digest }): BlobUse => ({ digest, kind: 'rows' }));
}
