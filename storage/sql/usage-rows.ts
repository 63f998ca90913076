import { decodeUsage, encodeUsage, type StoredUsage } from '../../evaluation/usage/stored-usage.ts';
import { addUsage, onlySent, toStanding, type Usage } from '../../evaluation/usage/usage.ts';
import type { SegmentId, Stage } from '../journal.ts';
import { build } from './build.ts';
import { all, execute, find, type Work } from './work.ts';

/** Rows of a task result; left out, those of any stage, or any segment. */
interface UsageRows extends Partial<Pick<SegmentId, 'stage' | 'segmentIndex'>> {
  readonly table: 'segments' | 'journal_outcomes';
  readonly taskResultId: string;
}

/**
 * Keeps count of what left for rows that are about to go: somebody pays for it, whatever becomes of the work. What stood in
 * them was nobody's expense.
 */
export function* keepSentOf({ table, taskResultId, stage, segmentIndex }: UsageRows): Work<void> {
  let rows = build
    .selectFrom(table)
    .select('usage')
    .where('task_result_id', '=', taskResultId)
    .where('usage', 'is not', null);
  if (stage !== undefined) rows = rows.where('stage', '=', stage);
  if (segmentIndex !== undefined) rows = rows.where('segment_index', '=', segmentIndex);
  const usages = (yield* all(rows)).map(({ usage }) => decodeUsage(usage));
  yield* addLostUsage(taskResultId, onlySent(addUsage(usages.flat())));
}

export function* addLostUsage(taskResultId: string, lost: Usage): Work<void> {
  if (lost.length === 0) return;
  const usage = encodeUsage(addUsage(yield* getLostUsage(taskResultId), lost));
  yield* execute(
    build.updateTable('task_results').set({ usage_lost: usage }).where('task_result_id', '=', taskResultId),
  );
}

export function* getLostUsage(taskResultId: string): Work<Usage> {
  const row = yield* find(
    build.selectFrom('task_results').select('usage_lost').where('task_result_id', '=', taskResultId),
  );
  return decodeUsage(row?.usage_lost ?? null);
}

/** Queries of what was lost, as task results count them. */
export function countSent(usage: Usage): { readonly sent: number; readonly retried: number } {
  return usage.reduce((sum, { sent, retries }) => ({ sent: sum.sent + sent.queries, retried: sum.retried + retries }), {
    sent: 0,
    retried: 0,
  });
}

/** The usage of a row as that of another task result, for which nothing of it was sent. */
export function toStandingText(usage: StoredUsage | null): StoredUsage | null {
  return usage === null ? null : encodeUsage(toStanding(decodeUsage(usage)));
}

/**
 * Usage so far of those task results of a run that have none of their own yet: sealed, journalled, and lost; solver outputs
 * that were taken over from a run which was waited for count as such.
 */
export function* listUsage(runId: string): Work<ReadonlyMap<string, Usage>> {
  const counting = build
    .selectFrom('task_results')
    .where('run_id', '=', runId)
    .where('manifest_digest', 'is', null)
    .where('position', '>=', 0);
  const tasks = yield* all(counting.select(['task_result_id', 'reuse', 'waited_for', 'usage_lost']));
  const usages = new Map(tasks.map((task) => [task.task_result_id, [decodeUsage(task.usage_lost)]]));
  const waiting = new Set(
    tasks
      .filter(({ reuse, waited_for }) => reuse === 'partial' && waited_for !== null)
      .map(({ task_result_id }) => task_result_id),
  );
  for (const table of ['segments', 'journal_outcomes'] as const) {
    const rows: readonly { task_result_id: string; stage: Stage; usage: string | null }[] = yield* all(
      build
        .selectFrom(table)
        .select(['task_result_id', 'stage', 'usage'])
        .where('task_result_id', 'in', counting.select('task_result_id'))
        .where('usage', 'is not', null),
    );
    for (const { task_result_id: id, stage, usage } of rows) {
      const decoded = decodeUsage(usage);
      const isWaited = stage === 'solve' && waiting.has(id);
      usages.get(id)?.push(isWaited ? toStanding(decoded, 'waited') : decoded);
    }
  }
  return new Map([...usages].map(([id, parts]) => [id, addUsage(parts.flat())]));
}
