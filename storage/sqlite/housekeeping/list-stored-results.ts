import { stat } from 'node:fs/promises';
import type { StoredResult, StoredResults } from '../../housekeeping.ts';
import type { SqliteConnection } from '../connection.ts';
import { toRunRecord } from '../run-rows.ts';
import type { RunRow, TaskResultRow } from '../tables.ts';
import { toTaskResultRecord } from '../task-result-rows.ts';
import { countFiles, createFileTable, listAllFiles } from './sweep-files.ts';

interface PieceRow {
  readonly task_result_id: string;
  readonly stage: string;
  readonly found: number;
  readonly size: number;
}

/** Results that hold pieces of their own, with what these take on disk; as far as names and sizes of files tell. */
export async function listStoredResults(
  { connection, directory, databasePath }: { connection: SqliteConnection; directory: string; databasePath: string },
  { task }: { readonly task?: string },
): Promise<StoredResults> {
  createFileTable(connection);
  await listAllFiles(connection, directory, () => false);
  const results = connection.snapshot(() => selectResults(connection, task));
  return {
    results,
    sizeBytes: countFiles(connection, '(SELECT size_bytes FROM blob_files WHERE digest IN (SELECT digest FROM pieces))')
      .sizeBytes,
    blobs: countFiles(connection, 'blob_files'),
    databaseSizeBytes: await measureDatabase(databasePath),
  };
}

function selectResults(connection: SqliteConnection, task: string | undefined): readonly StoredResult[] {
  const ofTask = task === undefined ? '' : 'AND (task_results.key = ?1 OR task_key = ?1)';
  const rows = connection
    .prepare<TaskResultRow>(
      `SELECT task_results.* FROM task_results JOIN runs ON runs.run_id = task_results.run_id
       WHERE task_results.status IN ('completed', 'failed', 'cancelled') AND reuse IS NOT 'full'
         AND (manifest_digest IS NOT NULL OR task_result_id IN (SELECT task_result_id FROM segments)) ${ofTask}
       ORDER BY task_results.key, coalesce(solved_at, task_results.ended_at) DESC, sequence DESC`,
    )
    .all(task === undefined ? [] : [task]);
  const runs = new Map(
    connection
      .prepare<RunRow>('SELECT * FROM runs')
      .all([])
      .map((row) => [row.run_id, toRunRecord(row)]),
  );
  createPieces(connection, rows);
  const pieces = new Map(listPieces(connection).map((piece) => [`${piece.task_result_id} ${piece.stage}`, piece]));
  const standing = countStanding(connection);
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
    return [{ run, taskResult: toTaskResultRecord(row), sizeBytes, lost, standing: standing.get(id) ?? 0 }];
  });
}

/** The blobs of the results: their segments, manifests and metrics. */
function createPieces(connection: SqliteConnection, rows: readonly TaskResultRow[]): void {
  connection.exec(
    'CREATE TEMP TABLE pieces (task_result_id TEXT NOT NULL, stage TEXT NOT NULL, digest TEXT NOT NULL, size_bytes INTEGER)',
  );
  const addSegments = connection.prepare(
    'INSERT INTO pieces SELECT task_result_id, stage, blob_digest, blob_size FROM segments WHERE task_result_id = ?',
  );
  const addSummary = connection.prepare(`INSERT INTO pieces VALUES (?, 'summary', ?, ?)`);
  for (const row of rows) {
    addSegments.run([row.task_result_id]);
    if (row.manifest_digest !== null) addSummary.run([row.task_result_id, row.manifest_digest, row.manifest_size]);
    if (row.metrics_digest !== null) addSummary.run([row.task_result_id, row.metrics_digest, row.metrics_size]);
  }
}

function listPieces(connection: SqliteConnection): readonly PieceRow[] {
  return connection
    .prepare<PieceRow>(
      `SELECT task_result_id, stage, sum(blob_files.size_bytes IS pieces.size_bytes) AS found,
         coalesce(sum(blob_files.size_bytes), 0) AS size
       FROM pieces LEFT JOIN blob_files ON blob_files.digest = pieces.digest
       GROUP BY task_result_id, stage`,
    )
    .all([]);
}

function countStanding(connection: SqliteConnection): ReadonlyMap<string, number> {
  const rows = connection
    .prepare<{ reused_from: string; count: number }>(
      'SELECT reused_from, count(*) AS count FROM task_results WHERE reused_from IS NOT NULL GROUP BY reused_from',
    )
    .all([]);
  return new Map(rows.map(({ reused_from: id, count }) => [id, count]));
}

async function measureDatabase(databasePath: string): Promise<number> {
  const sizes = await Promise.all(
    ['', '-wal'].map((suffix) =>
      stat(`${databasePath}${suffix}`).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
