import type { CompiledQuery, OperationNodeSource } from 'kysely';

/** A query of `build`, or one of Kysely's `sql` tag. */
export interface Query<Row> extends OperationNodeSource {
  compile(provider: never): CompiledQuery<Row>;
}

/** What work asks of its driver. */
export interface Statement {
  readonly query: OperationNodeSource;
  readonly wants: 'rows' | 'changes';
}

/** What it is answered. */
export interface Outcome {
  readonly rows: readonly unknown[];
  /** Number of rows that the statement changed. */
  readonly changes: number;
}

/**
 * What happens in one transaction, for whatever database: it yields statements and is sent their outcomes. SQLite runs
 * it within one turn of the event loop, PostgreSQL one round trip at a time. It may be run again from its start, after
 * a connection was lost, so it changes nothing but the database.
 *
 * @example
 * function* renameRun(runId: string, label: string): Work<boolean> {
 *   const row = yield* find(build.selectFrom('runs').select('label').where('run_id', '=', runId));
 *   if (row === undefined || row.label === label) return false;
 *   yield* execute(build.updateTable('runs').set({ label }).where('run_id', '=', runId));
 *   return true;
 * }
 */
export type Work<T> = Generator<Statement, T, Outcome>;

export function* all<Row>(query: Query<Row>): Work<Row[]> {
  const { rows } = yield { query, wants: 'rows' };
  return rows as Row[];
}

/** The first row. */
export function* find<Row>(query: Query<Row>): Work<Row | undefined> {
  return (yield* all(query))[0];
}

/** Number of rows that the statement changed. (Not `run`: that is what evaluations have.) */
export function* execute(query: Query<unknown>): Work<number> {
  const { changes } = yield { query, wants: 'changes' };
  return changes;
}
