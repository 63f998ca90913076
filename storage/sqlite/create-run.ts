import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { NewRun, NewTaskResult } from '../run-log.ts';
import type { SqliteConnection } from './connection.ts';

/** Rows of one insert: each has about ten values, and SQLite takes 32,766 in a statement. */
const maxRowsPerInsert = 200;

/** Records a run with its task results, all pending. Repeated, it changes nothing. Called within a transaction. */
export function createRun(connection: SqliteConnection, run: NewRun, taskResults: readonly NewTaskResult[]): void {
  if (!insertRun(connection, run)) return;
  insertFingerprints(connection, taskResults);
  insertTaskResults(connection, run, taskResults, 0);
}

/** False where the run is recorded already. */
export function insertRun(connection: SqliteConnection, run: NewRun): boolean {
  const { build } = connection;
  const existing = connection.find(build.selectFrom('runs').select('plan_digest').where('run_id', '=', run.runId));
  if (existing !== undefined) {
    if (existing.plan_digest === run.planDigest) return false;
    throw new EvaluationError('internal', `The id ${run.runId} belongs to a run of another plan.`);
  }
  connection.run(
    build.insertInto('runs').values({
      run_id: run.runId,
      evaluation_key: run.evaluationKey,
      label: run.label,
      plan_digest: run.planDigest,
      plan: run.plan,
      policy: run.policy,
      status: 'pending',
      attempt: 1,
      owner_id: run.ownerId,
      file: run.file,
      origin: JSON.stringify(run.origin),
      started_at: run.startedAt,
      ended_at: null,
      worked_ms: 0,
    }),
  );
  return true;
}

/** Pending task results of a run, from a position on; their fingerprints are there already. */
export function insertTaskResults(
  connection: SqliteConnection,
  run: Pick<NewRun, 'runId' | 'policy' | 'startedAt'>,
  taskResults: readonly NewTaskResult[],
  firstPosition: number,
): void {
  inChunks(taskResults, (chunk, start) => {
    connection.run(
      connection.build.insertInto('task_results').values(
        chunk.map((task, index) => ({
          task_result_id: task.taskResultId,
          run_id: run.runId,
          key: task.key,
          position: firstPosition + start + index,
          task_key: task.taskKey,
          solver_key: task.solverKey,
          result_key: task.resultKey,
          policy: run.policy,
          status: 'pending' as const,
          attempt: 1,
          segment_count: task.segmentCount,
          samples_total: task.samplesTotal,
          created_at: run.startedAt,
        })),
      ),
    );
  });
}

/** Each fingerprint is kept once, however many task results share it. */
export function insertFingerprints(connection: SqliteConnection, taskResults: readonly NewTaskResult[]): void {
  const insert = connection.prepare(
    'INSERT INTO fingerprints (digest, fingerprint) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const done = new Set<string>();
  for (const { solverKey, solverFingerprint, resultKey, resultFingerprint } of taskResults) {
    for (const [digest, fingerprint] of [
      [solverKey, solverFingerprint] as const,
      [resultKey, resultFingerprint] as const,
    ]) {
      if (done.has(digest)) continue;
      done.add(digest);
      insert.run([digest, JSON.stringify(fingerprint)]);
    }
  }
}

function inChunks<Item>(items: readonly Item[], handle: (chunk: readonly Item[], start: number) => void): void {
  for (let start = 0; start < items.length; start += maxRowsPerInsert) {
    handle(items.slice(start, start + maxRowsPerInsert), start);
  }
}
