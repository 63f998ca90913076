import type { ComparableResult } from '../../storage/result-index.ts';
import type { RunRecord } from '../../storage/run-log.ts';
import type { Holder } from './find-holders.ts';
import type { HolderDocument, SourceDocument } from './plan-usage-document.ts';

/** A result with the run that it is of; a run that was imported, or is lost, leaves its names unknown. */
export function makeSourceDocument(
  { taskResultId, runId, key, status }: Pick<ComparableResult, 'taskResultId' | 'runId' | 'key' | 'status'>,
  run: RunRecord | undefined,
  at: string | null,
): SourceDocument {
  return {
    run: runId,
    label: run?.label ?? null,
    task: key,
    task_result: taskResultId,
    status,
    at,
    user: readText(run, 'user'),
    host: readText(run, 'host'),
    schedule: run?.scheduleName ?? null,
  };
}

export function makeHolderDocument({ result, run, stands, hasOwner, done }: Holder): HolderDocument {
  const { at: _, ...source } = makeSourceDocument(result, run, null);
  const total = result.samples.total;
  const stage = done.score > 0 || done.solve >= total ? 'score' : 'solve';
  return { ...source, stands, stage, done: done[stage], total, has_owner: hasOwner };
}

function readText(run: RunRecord | undefined, field: 'user' | 'host'): string | null {
  const value = run?.origin[field];
  return typeof value === 'string' ? value : null;
}
