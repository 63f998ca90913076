import { sql } from 'kysely';
import type { Digest } from '../../../contracts/digest.ts';
import type { BlobInventory } from '../../blob-inventory.ts';
import type { StoredResult, StoredResults } from '../../housekeeping.ts';
import { build } from '../build.ts';
import { chunksOf } from '../chunks.ts';
import { toRunRecord } from '../run-rows.ts';
import type { TaskResultRow } from '../tables.ts';
import { toTaskResultRecord } from '../task-result-rows.ts';
import { useColumns } from '../use-columns.ts';
import { all, execute, type Work } from '../work.ts';
import type { HousekeepingSession } from './housekeeping-session.ts';
import { addNames, countBlobs, listAllBlobs, listed, listingTables, referenced } from './listed-blobs.ts';

interface PieceRow {
  readonly task_result_id: string;
  readonly stage: string;
  readonly found: number;
  readonly size: number;
}

const pieceTables = [
  `CREATE TEMPORARY TABLE pieces (
    task_result_id TEXT NOT NULL, stage TEXT NOT NULL, digest TEXT NOT NULL, size_bytes BIGINT
  )`,
];

/** Results that hold pieces of their own, with what these take on disk; as far as names and sizes of blobs tell. */
export async function listStoredResults(
  { session, inventory }: { readonly session: HousekeepingSession; readonly inventory: BlobInventory },
  { task }: { readonly task?: string },
): Promise<StoredResults> {
  await session.createTemporaryTables([...listingTables, ...pieceTables]);
  await listAllBlobs(session, inventory, () => false);
  const results = await session.snapshot(() => selectResults(inventory, task));
  const { sizeBytes } = await session.snapshot(() => countBlobs(referenced));
  return {
    results,
    sizeBytes,
    blobs: await session.snapshot(() => countBlobs(listed)),
    databaseSizeBytes: await session.measureSizeBytes(),
  };
}

function* selectResults(inventory: BlobInventory, task: string | undefined): Work<readonly StoredResult[]> {
  const columns = yield* useColumns();
  const ofTask = task === undefined ? sql`` : sql`AND (task_results.key = ${task} OR task_key = ${task})`;
  const rows = yield* all(sql<TaskResultRow>`
    SELECT task_results.* FROM task_results JOIN runs ON runs.run_id = task_results.run_id
    WHERE task_results.status IN ('completed', 'failed', 'cancelled') AND reuse IS DISTINCT FROM 'full'
      AND (manifest_digest IS NOT NULL OR task_result_id IN (SELECT task_result_id FROM segments)) ${ofTask}
    ORDER BY task_results.key, coalesce(solved_at, task_results.ended_at) DESC, sequence DESC`);
  const runRows = yield* all(build.selectFrom('runs').selectAll());
  const runs = new Map(runRows.map((row) => [row.run_id, toRunRecord(columns, row)]));
  yield* fillPieces(rows);
  const digests = yield* all(sql<{ digest: Digest }>`SELECT DISTINCT digest FROM pieces`);
  yield* addNames(
    digests.map(({ digest }) => digest),
    inventory,
  );
  const pieces = new Map((yield* listPieces()).map((piece) => [`${piece.task_result_id} ${piece.stage}`, piece]));
  const standing = yield* countStanding();
  return rows.flatMap((row): StoredResult[] => {
    const id = row.task_result_id;
    const run = runs.get(row.run_id);
    if (run === undefined) return [];
    const [solve, score, summary] = ['solve', 'score', 'summary'].map((stage) => pieces.get(`${id} ${stage}`));
    const lost =
      (solve?.found ?? 0) < row.segment_count
        ? 'outputs'
        : (score?.found ?? 0) < row.segment_count || (summary?.found ?? 0) < 2
          ? 'scores'
          : 'none';
    const sizeBytes = [solve, score, summary].reduce((sum, piece) => sum + (piece?.size ?? 0), 0);
    return [{ run, taskResult: toTaskResultRecord(columns, row), sizeBytes, lost, standing: standing.get(id) ?? 0 }];
  });
}

const resultsPerInsert = 200;

/** The blobs of the results: their segments, manifests and metrics. */
function* fillPieces(rows: readonly TaskResultRow[]): Work<void> {
  for (const chunk of chunksOf(rows, resultsPerInsert)) {
    const ids = sql.join(chunk.map((row) => row.task_result_id));
    yield* execute(sql`
      INSERT INTO pieces SELECT task_result_id, stage, blob_digest, blob_size FROM segments
      WHERE task_result_id IN (${ids})`);
    for (const kind of ['manifest', 'metrics']) {
      const digest = sql.id(`${kind}_digest`);
      yield* execute(sql`
        INSERT INTO pieces SELECT task_result_id, 'summary', ${digest}, ${sql.id(`${kind}_size`)} FROM task_results
        WHERE ${digest} IS NOT NULL AND task_result_id IN (${ids})`);
    }
  }
}

function* listPieces(): Work<readonly PieceRow[]> {
  return yield* all(sql<PieceRow>`
    SELECT task_result_id, stage,
      sum(CASE WHEN blob_files.size_bytes = pieces.size_bytes THEN 1 ELSE 0 END) AS found,
      coalesce(sum(blob_files.size_bytes), 0) AS size
    FROM pieces
    LEFT JOIN blob_names ON blob_names.digest = pieces.digest
    LEFT JOIN blob_files ON blob_files.name = blob_names.name
    GROUP BY task_result_id, stage`);
}

function* countStanding(): Work<ReadonlyMap<string, number>> {
  const rows = yield* all(sql<{ reused_from: string; count: number }>`
    SELECT reused_from, count(*) AS count FROM task_results WHERE reused_from IS NOT NULL GROUP BY reused_from`);
  return new Map(rows.map(({ reused_from: id, count }) => [id, count]));
}
