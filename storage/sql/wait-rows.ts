import { build } from './build.ts';
import { execute, type Work } from './work.ts';

/** Notes for whose run a task result waits; what stands later may be that run's work. */
export function* putWait(taskResultId: string, holderRunId: string): Work<void> {
  yield* execute(
    build
      .insertInto('waits')
      .values({ task_result_id: taskResultId, holder_run_id: holderRunId })
      .onConflict((conflict) => conflict.column('task_result_id').doUpdateSet({ holder_run_id: holderRunId })),
  );
  yield* execute(
    build.updateTable('task_results').set({ waited_for: holderRunId }).where('task_result_id', '=', taskResultId),
  );
}

/** A task result that works or has ended waits for nobody. */
export function* removeWait(taskResultId: string): Work<void> {
  yield* execute(build.deleteFrom('waits').where('task_result_id', '=', taskResultId));
}
