import { sql } from 'kysely';
import { stages } from '../journal.ts';
import type { TaskProgress } from '../run-log.ts';
import { all, type Work } from './work.ts';

// A sealed segment counts whole. A reopened one counts its good samples and what the journal has since; where the
// journal holds a sample that was good already, the size of the segment is the bound.
const selectProgress = (runId: string) => sql<ProgressRow>`
  WITH journalled AS (
    SELECT task_result_id, stage, segment_index, count(*) AS done, sum(has_error) AS errors,
      sum(queries_sent) AS sent, sum(queries_retried) AS retried
    FROM journal_outcomes
    WHERE task_result_id IN (SELECT task_result_id FROM task_results WHERE run_id = ${runId})
    GROUP BY task_result_id, stage, segment_index
  ), counted AS (
    SELECT s.task_result_id, s.stage,
      CASE WHEN s.is_reopened = 0 OR s.errors < coalesce(j.done, 0) THEN s.samples
        ELSE s.samples - s.errors + coalesce(j.done, 0) END AS done,
      CASE s.is_reopened WHEN 0 THEN s.errors ELSE coalesce(j.errors, 0) END AS errors,
      s.queries_sent + coalesce(j.sent, 0) AS sent, s.queries_retried + coalesce(j.retried, 0) AS retried,
      s.answers_stood AS stood
    FROM segments AS s
    LEFT JOIN journalled AS j USING (task_result_id, stage, segment_index)
    WHERE s.task_result_id IN (SELECT task_result_id FROM task_results WHERE run_id = ${runId})
    UNION ALL
    SELECT j.task_result_id, j.stage, j.done, j.errors, j.sent, j.retried, 0 AS stood
    FROM journalled AS j
    LEFT JOIN segments AS s USING (task_result_id, stage, segment_index)
    WHERE s.task_result_id IS NULL
  )
  SELECT t.task_result_id, c.stage, sum(c.done) AS done, sum(c.errors) AS errors,
    sum(c.sent) AS sent, sum(c.retried) AS retried, sum(c.stood) AS stood
  FROM task_results AS t
  LEFT JOIN counted AS c ON c.task_result_id = t.task_result_id
  WHERE t.run_id = ${runId}
  GROUP BY t.task_result_id, c.stage
  ORDER BY t.position`;

interface ProgressRow {
  readonly task_result_id: string;
  readonly stage: string | null;
  readonly done: number | null;
  readonly errors: number | null;
  readonly sent: number | null;
  readonly retried: number | null;
  readonly stood: number | null;
}

/** Both stages of every task result of a run, in the order of the evaluation. */
export function* listProgress(runId: string): Work<readonly TaskProgress[]> {
  const rows = yield* all(selectProgress(runId));
  const counted = new Map(rows.map((row) => [`${row.task_result_id} ${row.stage}`, row]));
  return [...new Set(rows.map((row) => row.task_result_id))].flatMap((taskResultId) =>
    stages.map((stage) => {
      const row = counted.get(`${taskResultId} ${stage}`);
      const queries = { sent: row?.sent ?? 0, retried: row?.retried ?? 0 };
      return {
        taskResultId,
        stage,
        done: row?.done ?? 0,
        errors: row?.errors ?? 0,
        queries,
        answersStood: row?.stood ?? 0,
      };
    }),
  );
}
