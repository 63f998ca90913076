import type { BlobUse } from '../../blob-references.ts';
import type { BlobHolder } from '../../housekeeping.ts';
import type { SqliteConnection } from '../connection.ts';
import { toRunRecord } from '../run-rows.ts';
import type { RunRow, TaskResultRow } from '../tables.ts';
import { toTaskResultRecord } from '../task-result-rows.ts';

/** Records that a blob belongs to, in the order of their runs. Looks through whole tables: for what is damaged only. */
export function findHolders(connection: SqliteConnection, { digest, kind }: BlobUse): readonly BlobHolder[] {
  switch (kind) {
    case 'manifest':
      return findByResults(connection, 'SELECT task_result_id FROM task_results WHERE manifest_digest = ?', digest);
    case 'metrics':
      return findByResults(connection, 'SELECT task_result_id FROM task_results WHERE metrics_digest = ?', digest);
    case 'solver-outputs':
    case 'scores': {
      const stage = kind === 'scores' ? 'score' : 'solve';
      const holds = `SELECT task_result_id FROM segments WHERE stage = '${stage}' AND blob_digest = ?`;
      return findByResults(connection, holds, digest);
    }
    case 'plan':
    case 'row-manifest':
    case 'rows':
    case 'recording':
    case 'module':
      return findByPlan(connection, digest);
  }
}

/** The results of a query, and those that repeat one of them as a whole. */
function findByResults(connection: SqliteConnection, holds: string, digest: string): readonly BlobHolder[] {
  const rows = connection
    .prepare<TaskResultRow>(
      `SELECT task_results.* FROM task_results JOIN runs ON runs.run_id = task_results.run_id
       WHERE task_result_id IN (${holds}) OR (reuse = 'full' AND reused_from IN (${holds}))
       ORDER BY sequence, position`,
    )
    .all([digest, digest]);
  return rows.flatMap((row) =>
    getRuns(connection, 'run_id = ?', row.run_id).map((run) => ({ run, taskResult: toTaskResultRecord(row) })),
  );
}

/** The runs whose plan is the blob, or leads to it. */
function findByPlan(connection: SqliteConnection, digest: string): readonly BlobHolder[] {
  const leadsTo = `plan IN (
    WITH RECURSIVE upwards(digest) AS (
      SELECT ? UNION SELECT parent FROM blob_references JOIN upwards ON blob_references.digest = upwards.digest
    )
    SELECT digest FROM upwards
  )`;
  return getRuns(connection, leadsTo, digest).map((run) => ({ run, taskResult: null }));
}

function getRuns(connection: SqliteConnection, where: string, value: string) {
  return connection
    .prepare<RunRow>(`SELECT * FROM runs WHERE ${where} ORDER BY sequence`)
    .all([value])
    .map(toRunRecord);
}
