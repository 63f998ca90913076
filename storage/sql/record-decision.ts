import type { Verdict } from '../../contracts/cache-policy.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import { decodeUsage, encodeUsage } from '../../evaluation/usage/stored-usage.ts';
import { addUsage, toStanding, type Usage } from '../../evaluation/usage/usage.ts';
import { removeTaskResultFromJournal } from './journal-rows.ts';
import { copySolveSegments, removeSegmentRows } from './segment-rows.ts';
import type { TaskResultRow } from './tables.ts';
import {
  findOpenTaskResultRow,
  findTaskResultRow,
  joinWarnings,
  type TaskResultChanges,
  updateTaskResult,
} from './task-result-rows.ts';
import { countSent, getLostUsage, keepSentOf } from './usage-rows.ts';
import { removeWait } from './wait-rows.ts';
import type { Work } from './work.ts';

export interface RunningDecision {
  readonly verdict: Exclude<Verdict, 'full'>;
  readonly sourceId?: string;
  readonly why: JsonValue | null;
  readonly warnings: readonly string[];
}

/** Full reuse; false where the source may not be reused any more. */
export function* recordAlias(
  taskResultId: string,
  decision: { readonly sourceId: string; readonly warnings: readonly string[]; readonly usage?: Usage },
  { now, attempt }: { readonly now: string; readonly attempt: number | undefined },
): Work<boolean> {
  const row = yield* findOpenTaskResultRow(taskResultId, attempt);
  if (row === undefined) return true;
  const source = yield* findSource(decision.sourceId);
  if (source === undefined) return false;
  yield* endAsAlias(row, source, decision, now);
  return true;
}

/** Lets a whole result stand in a task result. */
export function* endAsAlias(
  row: TaskResultRow,
  source: TaskResultRow,
  { warnings, usage = decodeUsage(source.usage) }: { readonly warnings: readonly string[]; readonly usage?: Usage },
  now: string,
): Work<void> {
  const taskResultId = row.task_result_id;
  // What an earlier attempt left is not part of what stands; what it sent was sent all the same.
  yield* removeSegmentRows(taskResultId);
  yield* keepSentOf({ table: 'journal_outcomes', taskResultId });
  yield* removeTaskResultFromJournal(taskResultId);
  const sent = yield* getLostUsage(taskResultId);
  const isWaited = hasWaitedFor(row, source);
  const stood = toStanding(usage, isWaited ? 'waited' : 'stood');
  const { sent: queriesSent, retried: queriesRetried } = countSent(sent);
  yield* removeWait(taskResultId);
  yield* updateTaskResult(taskResultId, {
    status: 'completed',
    reuse: 'full',
    reused_from: source.task_result_id,
    samples_total: source.samples_total,
    samples_solver_errors: source.samples_solver_errors,
    samples_errors: source.samples_errors,
    samples_excluded: source.samples_excluded,
    queries_sent: queriesSent,
    queries_retried: queriesRetried,
    queries_saved: source.queries_sent + source.queries_saved + source.answers_stood,
    answers_stood: 0,
    usage: encodeUsage(addUsage(sent, stood)),
    waited_for: isWaited ? row.waited_for : null,
    manifest_digest: source.manifest_digest,
    manifest_size: source.manifest_size,
    metrics_digest: source.metrics_digest,
    metrics_size: source.metrics_size,
    result_digest: source.result_digest,
    error: null,
    why: '[]',
    warnings: yield* joinWarnings(row, warnings),
    started_at: row.started_at ?? now,
    solved_at: source.solved_at,
    ended_at: now,
  });
}

/** Partial reuse or none; false where the source may not be reused any more. */
export function* recordRunning(
  taskResultId: string,
  decision: RunningDecision,
  { now, attempt }: { readonly now: string; readonly attempt: number | undefined },
): Work<boolean> {
  const row = yield* findOpenTaskResultRow(taskResultId, attempt);
  if (row === undefined) return true;
  // The first decision of an attempt stands: work is done on it, and another one, from a zombie, would drop that.
  if (row.status === 'running' && row.reuse !== null) return true;
  let standing: TaskResultChanges;
  if (decision.verdict === 'partial') {
    if (decision.sourceId === undefined) {
      throw new EvaluationError('internal', 'Partial reuse was recorded without a source.');
    }
    const source = yield* findSource(decision.sourceId);
    if (source === undefined) return false;
    standing = yield* takeOver(row, source);
  } else {
    standing = yield* dropTakenOver(row);
  }
  yield* removeWait(taskResultId);
  yield* updateTaskResult(taskResultId, {
    status: 'running',
    reuse: decision.verdict,
    ...standing,
    why: decision.why === null ? null : JSON.stringify(decision.why),
    warnings: yield* joinWarnings(row, decision.warnings),
    started_at: row.started_at ?? now,
  });
  return true;
}

function* takeOver(row: TaskResultRow, source: TaskResultRow): Work<TaskResultChanges> {
  if (source.segment_count !== row.segment_count) {
    throw new EvaluationError(
      'internal',
      `Task result ${source.task_result_id} has ${source.segment_count} segments, ${row.task_result_id} has ${row.segment_count}: its solver outputs do not fit.`,
    );
  }
  // Solver outputs that the source took over itself are named after the result that computed them.
  const reusedFrom =
    source.reuse === 'partial' && source.reused_from !== null ? source.reused_from : source.task_result_id;
  if (row.reuse !== 'partial' || row.reused_from !== reusedFrom) {
    yield* removeSegmentRows(row.task_result_id);
    yield* copySolveSegments(source.task_result_id, row.task_result_id);
  }
  const waitedFor = hasWaitedFor(row, source) ? row.waited_for : null;
  return { reused_from: reusedFrom, solved_at: source.solved_at, waited_for: waitedFor };
}

/** An earlier decision may have taken over what has been lost since; own work of an earlier attempt stays. */
function* dropTakenOver(row: TaskResultRow): Work<TaskResultChanges> {
  if (row.reuse !== 'partial') return { reused_from: null, waited_for: null };
  yield* removeSegmentRows(row.task_result_id);
  return { reused_from: null, solved_at: null, waited_for: null };
}

/** Whether what stands is the work of another run that was waited for, not what was there anyway. */
function hasWaitedFor(row: TaskResultRow, source: TaskResultRow): boolean {
  return row.waited_for !== null && row.waited_for === source.run_id && source.run_id !== row.run_id;
}

/**
 * The result that may stand in others; of an alias the one that it stands for. Undefined where it may not, or not any
 * more: between the look-up and this transaction somebody may have removed it.
 */
function* findSource(sourceId: string): Work<TaskResultRow | undefined> {
  let source = yield* findTaskResultRow(sourceId);
  if (source?.reuse === 'full' && source.reused_from !== null) {
    source = yield* findTaskResultRow(source.reused_from);
  }
  const isReusable = source?.status === 'completed' && source.policy !== 'no-cache' && source.is_removed === 0;
  return isReusable ? source : undefined;
}
