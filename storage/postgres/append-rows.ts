import { type RawBuilder, sql } from 'kysely';
import type { JournalState } from '../sql/journal-rows.ts';
import type { JournalAnswers, JournalOutcomes } from '../sql/tables.ts';
import { all, execute, type Work } from '../sql/work.ts';

// The statements of an append: each takes a batch of any size as one parameter.

export interface StateQuestion {
  readonly task_result_id: string;
  readonly stage: string;
  readonly segment_index: number;
  readonly attempt: number;
}

/** Which rows each segment takes, from one attempt of its task result; by their place in the list. */
export function* findJournalStates(questions: readonly StateQuestion[]): Work<readonly JournalState[]> {
  const rows = yield* all(
    sql<{ is_closed: number; is_superseded: number }>`
      SELECT
        CASE WHEN t.task_result_id IS NULL OR t.status = 'completed' OR s.task_result_id IS NOT NULL
          THEN 1 ELSE 0 END AS is_closed,
        CASE WHEN t.attempt = asked.attempt THEN 0 ELSE 1 END AS is_superseded
      FROM unnest(
        ${questions.map((question) => question.task_result_id)}::text[],
        ${questions.map((question) => question.stage)}::text[],
        ${questions.map((question) => question.segment_index)}::int[],
        ${questions.map((question) => question.attempt)}::int[]
      ) WITH ORDINALITY AS asked (task_result_id, stage, segment_index, attempt, place)
      LEFT JOIN task_results AS t ON t.task_result_id = asked.task_result_id
      LEFT JOIN segments AS s ON s.task_result_id = asked.task_result_id AND s.stage = asked.stage
        AND s.segment_index = asked.segment_index AND s.is_reopened = 0
      ORDER BY asked.place`,
  );
  return rows.map((row) => ({ isClosed: row.is_closed === 1, isSuperseded: row.is_superseded === 1 }));
}

/** Inserts under names that are free; returns what stands under each, by its place in the list. Names are unique. */
export function insertAnswers(rows: readonly JournalAnswers[]): Work<readonly JournalAnswers['answer'][]> {
  const columns = unnest(answerColumns, rows);
  return insertOrFind(
    rows.length,
    sql`INSERT INTO journal_answers (${columns.names}) SELECT * FROM ${columns.rows} AS given (${columns.names})
        ON CONFLICT DO NOTHING`,
    sql<{ stands: JournalAnswers['answer'] }>`
      SELECT standing.answer AS stands
      FROM ${columns.rows} WITH ORDINALITY AS given (${columns.names}, place)
      JOIN journal_answers AS standing
        USING (task_result_id, stage, segment_index, sample_index, trial, scorer_key, model_key, request_digest, occurrence)
      ORDER BY place`,
    rows.map((row) => row.answer),
  );
}

/** As {@link insertAnswers}. */
export function insertOutcomes(rows: readonly JournalOutcomes[]): Work<readonly JournalOutcomes['outcome'][]> {
  const columns = unnest(outcomeColumns, rows);
  return insertOrFind(
    rows.length,
    sql`INSERT INTO journal_outcomes (${columns.names}) SELECT * FROM ${columns.rows} AS given (${columns.names})
        ON CONFLICT DO NOTHING`,
    sql<{ stands: JournalOutcomes['outcome'] }>`
      SELECT standing.outcome AS stands
      FROM ${columns.rows} WITH ORDINALITY AS given (${columns.names}, place)
      JOIN journal_outcomes AS standing USING (task_result_id, stage, segment_index, sample_index)
      ORDER BY place`,
    rows.map((row) => row.outcome),
  );
}

function* insertOrFind<Text>(
  count: number,
  insert: RawBuilder<unknown>,
  select: RawBuilder<{ stands: Text }>,
  given: readonly Text[],
): Work<readonly Text[]> {
  if (count === 0) return [];
  if ((yield* execute(insert)) === count) return given;
  // Each statement sees what was committed before it began, so also what it has just waited for.
  return (yield* all(select)).map(({ stands }) => stands);
}

type ColumnTypes<Row> = { readonly [Column in keyof Row]-?: 'text' | 'int' };

const answerColumns: ColumnTypes<JournalAnswers> = {
  task_result_id: 'text',
  stage: 'text',
  segment_index: 'int',
  sample_index: 'int',
  trial: 'int',
  scorer_key: 'text',
  model_key: 'text',
  request_digest: 'text',
  occurrence: 'int',
  answer: 'text',
};

const outcomeColumns: ColumnTypes<JournalOutcomes> = {
  task_result_id: 'text',
  stage: 'text',
  segment_index: 'int',
  sample_index: 'int',
  has_error: 'int',
  queries_sent: 'int',
  queries_retried: 'int',
  usage: 'text',
  outcome: 'text',
};

/** Rows as one array a column. */
function unnest<Row>(types: ColumnTypes<Row>, rows: readonly Row[]) {
  const names = Object.keys(types) as (keyof Row & string)[];
  return {
    names: sql.join(names.map((name) => sql.id(name))),
    rows: sql`unnest(${sql.join(names.map((name) => sql`${rows.map((row) => row[name])}::${sql.raw(types[name])}[]`))})`,
  };
}
