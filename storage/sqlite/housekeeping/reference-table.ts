import type { Digest } from '../../../contracts/digest.ts';
import type { Plan, RowManifest } from '../../../evaluation/plan.ts';
import { type BlobUse, listBlobsOfPlan, listBlobsOfRows } from '../../blob-references.ts';
import type { ContentStore } from '../../content-store.ts';
import { isBlobLost } from '../../is-blob-lost.ts';
import type { SqliteConnection } from '../connection.ts';
import { type DigestUse, digestColumns } from '../digest-columns.ts';

// The references of a whole store, in a temporary table of one connection: a store may have more of them than fit into
// memory. `parent` is the blob in which a reference lies, empty for one of a row.

export function createReferenceTable(connection: SqliteConnection): void {
  connection.exec(`
    CREATE TEMP TABLE blob_references (
      digest TEXT NOT NULL,
      kind TEXT NOT NULL,
      parent TEXT NOT NULL,
      PRIMARY KEY (digest, kind, parent)
    ) WITHOUT ROWID`);
}

/** Notes what the rows of the database refer to, but for those that are to go. To be called within a snapshot. */
export function addReferencesOfRows(connection: SqliteConnection): void {
  for (const [table, columns] of Object.entries(digestColumns)) {
    for (const [column, use] of Object.entries(columns)) {
      const select = selectReferences(table, column, use);
      if (select !== undefined) connection.prepare(`INSERT OR IGNORE INTO blob_references ${select}`).run([]);
    }
  }
}

function selectReferences(table: string, column: string, use: DigestUse): string | undefined {
  const survives = `task_result_id NOT IN (SELECT task_result_id FROM doomed_results) AND ${column} IS NOT NULL`;
  switch (use) {
    case 'plan':
      return `SELECT ${column}, 'plan', '' FROM ${table} WHERE run_id NOT IN (SELECT run_id FROM doomed_runs)`;
    case 'manifest':
    case 'metrics':
      return `SELECT ${column}, '${use}', '' FROM ${table} WHERE ${survives}`;
    case 'segment':
      return `SELECT ${column}, CASE stage WHEN 'solve' THEN 'solver-outputs' ELSE 'scores' END, '' FROM ${table} WHERE ${survives}`;
    case 'weak':
    case 'key':
      return undefined;
  }
}

/**
 * Notes what the blobs refer to that rows refer to: plans to manifests of rows, recordings and modules, manifests to rows.
 * One that is lost or damaged refers to nothing: a run that would write it anew writes all of that anew as well.
 *
 * @param onLost - Told of each of those. Reading a damaged blob puts it aside: the next look finds it missing.
 */
export async function addReferencesOfBlobs(
  connection: SqliteConnection,
  content: ContentStore,
  onLost: (digest: Digest, error: unknown) => void = () => {},
): Promise<void> {
  for (const [kind, list] of [
    ['plan', (value: unknown) => listBlobsOfPlan(value as Plan)],
    ['row-manifest', (value: unknown) => listBlobsOfRows(value as RowManifest)],
  ] as const) {
    for (const parent of iterateDigests(connection, kind)) {
      const value = await readJson(content, parent, (error) => onLost(parent, error));
      if (value !== undefined) insertUses(connection, parent, list(value));
    }
  }
}

function insertUses(connection: SqliteConnection, parent: Digest, uses: readonly BlobUse[]): void {
  const insert = connection.prepare('INSERT OR IGNORE INTO blob_references VALUES (?, ?, ?)');
  connection.snapshot(() => {
    for (const { digest, kind } of uses) insert.run([digest, kind, parent]);
  });
}

/** The JSON in a blob; undefined where it is lost or damaged. */
export async function readJson(
  content: ContentStore,
  digest: Digest,
  onLost: (error: unknown) => void = () => {},
): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await content.get(digest)));
  } catch (error) {
    if (!isBlobLost(error)) throw error;
    onLost(error);
    return undefined;
  }
}

const pageSize = 500;

/** Each digest once, a page at a time: the table may grow meanwhile. */
export function* iterateDigests(connection: SqliteConnection, kind?: string): Generator<Digest> {
  const ofKind = kind === undefined ? '' : `AND kind = '${kind}'`;
  const page = connection.prepare<{ digest: Digest }>(
    `SELECT DISTINCT digest FROM blob_references WHERE digest > ? ${ofKind} ORDER BY digest LIMIT ${pageSize}`,
  );
  for (let last = ''; ; ) {
    const digests = page.all([last]);
    for (const { digest } of digests) yield digest;
    const end = digests.at(-1);
    if (end === undefined || digests.length < pageSize) return;
    last = end.digest;
  }
}
