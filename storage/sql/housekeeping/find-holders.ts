import { type RawBuilder, sql } from 'kysely';
import type { BlobUse } from '../../blob-references.ts';
import type { BlobHolder } from '../../housekeeping.ts';
import type { RunRecord } from '../../run-log.ts';
import { toRunRecord } from '../run-rows.ts';
import type { RunRow, TaskResultRow } from '../tables.ts';
import { toTaskResultRecord } from '../task-result-rows.ts';
import { useColumns } from '../use-columns.ts';
import { all, type Work } from '../work.ts';

/** Records that a blob belongs to, in the order of their runs. Looks through whole tables: for what is damaged only. */
export function findHolders({ digest, kind }: BlobUse): Work<readonly BlobHolder[]> {
  switch (kind) {
    case 'manifest':
      return findByResults(sql`SELECT task_result_id FROM task_results WHERE manifest_digest = ${digest}`);
    case 'metrics':
      return findByResults(sql`SELECT task_result_id FROM task_results WHERE metrics_digest = ${digest}`);
    case 'solver-outputs':
      return findByResults(sql`SELECT task_result_id FROM segments WHERE stage = 'solve' AND blob_digest = ${digest}`);
    case 'scores':
      return findByResults(sql`SELECT task_result_id FROM segments WHERE stage = 'score' AND blob_digest = ${digest}`);
    case 'plan':
    case 'row-manifest':
    case 'rows':
    case 'recording':
    case 'module':
      return findByPlan(digest);
  }
}

/** The results of a query, and those that repeat one of them as a whole. */
function* findByResults(holds: RawBuilder<unknown>): Work<readonly BlobHolder[]> {
  const columns = yield* useColumns();
  const rows = yield* all(sql<TaskResultRow>`
    SELECT task_results.* FROM task_results JOIN runs ON runs.run_id = task_results.run_id
    WHERE task_result_id IN (${holds}) OR (reuse = 'full' AND reused_from IN (${holds}))
    ORDER BY sequence, position`);
  const holders: BlobHolder[] = [];
  for (const row of rows) {
    const taskResult = toTaskResultRecord(columns, row);
    for (const run of yield* listRuns(sql`run_id = ${row.run_id}`)) holders.push({ run, taskResult });
  }
  return holders;
}

/** The runs whose plan is the blob, or leads to it. */
function* findByPlan(digest: string): Work<readonly BlobHolder[]> {
  const runs = yield* listRuns(sql`plan IN (
    WITH RECURSIVE upwards(digest) AS (
      SELECT CAST(${digest} AS TEXT)
      UNION SELECT parent FROM blob_references JOIN upwards ON blob_references.digest = upwards.digest
    )
    SELECT digest FROM upwards
  )`);
  return runs.map((run) => ({ run, taskResult: null }));
}

function* listRuns(where: RawBuilder<unknown>): Work<readonly RunRecord[]> {
  const columns = yield* useColumns();
  const rows = yield* all(sql<RunRow>`SELECT * FROM runs WHERE ${where} ORDER BY sequence`);
  return rows.map((row) => toRunRecord(columns, row));
}
