import type { BlobKind } from '../../storage/blob-references.ts';
import type { BlobHolder, DamagedBlob } from '../../storage/housekeeping.ts';
import type { DamagedPieceDocument, Reusability } from './cache-documents.ts';
import { findHindrance } from './describe-reusability.ts';

export function describeDamage({ digest, kind, problem, holders }: DamagedBlob): DamagedPieceDocument {
  return {
    digest,
    piece: kind,
    problem,
    consequence: describeConsequence(kind),
    concerns: holders.map((holder) => ({
      run: holder.run.runId,
      task: holder.taskResult?.key ?? null,
      task_result: holder.taskResult?.taskResultId ?? null,
      reusable: judge(kind, holder),
    })),
  };
}

function describeConsequence(kind: BlobKind): string {
  switch (kind) {
    case 'plan':
    case 'row-manifest':
    case 'rows':
    case 'recording':
    case 'module':
      return 'The next `stet run` of the file stores it anew; results stand.';
    case 'solver-outputs':
      return 'Nothing of the result stands: the next run computes it anew.';
    case 'scores':
    case 'manifest':
    case 'metrics':
      return 'Its solver outputs stand: the next run scores them anew.';
  }
}

/** An alias is never looked up, and what is not reusable in any case loses nothing. */
function judge(kind: BlobKind, { taskResult }: BlobHolder): Reusability | null {
  if (taskResult === null || taskResult.reuse === 'full' || findHindrance(taskResult) !== null) return null;
  return kind === 'solver-outputs' ? 'none' : 'solver-outputs';
}
