import type { SqliteConnection } from './connection.ts';

/** Notes for whose run a task result waits. */
export function putWait(connection: SqliteConnection, taskResultId: string, holderRunId: string): void {
  connection.run(
    connection.build
      .insertInto('waits')
      .values({ task_result_id: taskResultId, holder_run_id: holderRunId })
      .onConflict((conflict) => conflict.column('task_result_id').doUpdateSet({ holder_run_id: holderRunId })),
  );
}

/** A task result that works or has ended waits for nobody. */
export function removeWait(connection: SqliteConnection, taskResultId: string): void {
  connection.run(connection.build.deleteFrom('waits').where('task_result_id', '=', taskResultId));
}
