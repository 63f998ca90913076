import { sql } from 'kysely';
import type { Digest } from '../../../contracts/digest.ts';
import type { Plan, RowManifest } from '../../../evaluation/plan.ts';
import { type BlobUse, listBlobsOfPlan, listBlobsOfRows } from '../../blob-references.ts';
import type { ContentStore } from '../../content-store.ts';
import { isBlobLost } from '../../is-blob-lost.ts';
import { chunksOf } from '../chunks.ts';
import { type DigestUse, digestColumns } from '../digest-columns.ts';
import { all, execute, type Work } from '../work.ts';
import type { HousekeepingSession } from './housekeeping-session.ts';

// The references of a whole store, in a temporary table of one session: a store may have more of them than fit into
// memory. `parent` is the blob in which a reference lies, empty for one of a row.

export const referenceTables: readonly string[] = [
  `CREATE TEMPORARY TABLE blob_references (
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    parent TEXT NOT NULL,
    PRIMARY KEY (digest, kind, parent)
  )`,
];

/** Notes what the rows of the database refer to, but for those that are to go. */
export function* addReferencesOfRows(): Work<void> {
  for (const [table, columns] of Object.entries(digestColumns)) {
    for (const [column, use] of Object.entries(columns)) {
      const select = selectReferences(table, column, use);
      if (select === undefined) continue;
      yield* execute(sql`INSERT INTO blob_references ${select} ON CONFLICT DO NOTHING`);
    }
  }
}

function selectReferences(tableName: string, columnName: string, use: DigestUse) {
  const table = sql.id(tableName);
  const column = sql.id(columnName);
  const survives = sql`task_result_id NOT IN (SELECT task_result_id FROM doomed_results) AND ${column} IS NOT NULL`;
  switch (use) {
    case 'plan':
      return sql`SELECT ${column}, 'plan', '' FROM ${table} WHERE run_id NOT IN (SELECT run_id FROM doomed_runs)`;
    case 'scheduled-plan':
      // Without a condition SQLite would take the conflict clause for one of a join.
      return sql`SELECT ${column}, 'plan', '' FROM ${table} WHERE true`;
    case 'manifest':
    case 'metrics':
      return sql`SELECT ${column}, ${sql.lit(use)}, '' FROM ${table} WHERE ${survives}`;
    case 'segment':
      return sql`SELECT ${column}, CASE stage WHEN 'solve' THEN 'solver-outputs' ELSE 'scores' END, ''
        FROM ${table} WHERE ${survives}`;
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
  session: HousekeepingSession,
  content: ContentStore,
  onLost: (digest: Digest, error: unknown) => void = () => {},
): Promise<void> {
  for (const [kind, list] of [
    ['plan', (value: unknown) => listBlobsOfPlan(value as Plan)],
    ['row-manifest', (value: unknown) => listBlobsOfRows(value as RowManifest)],
  ] as const) {
    for await (const parent of iterateDigests(session, kind)) {
      const value = await readJson(content, parent, (error) => onLost(parent, error));
      if (value !== undefined) await session.snapshot(() => insertUses(parent, list(value)));
    }
  }
}

const rowsPerInsert = 200;

function* insertUses(parent: Digest, uses: readonly BlobUse[]): Work<void> {
  for (const chunk of chunksOf(uses, rowsPerInsert)) {
    const rows = sql.join(chunk.map(({ digest, kind }) => sql`(${digest}, ${kind}, ${parent})`));
    yield* execute(sql`INSERT INTO blob_references VALUES ${rows} ON CONFLICT DO NOTHING`);
  }
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

/** Each digest once; the table may grow meanwhile. */
export async function* iterateDigests(session: HousekeepingSession, kind?: string): AsyncGenerator<Digest> {
  for await (const page of iteratePages(session, kind)) yield* page;
}

/** As {@link iterateDigests}, a page at a time. */
export async function* iteratePages(session: HousekeepingSession, kind?: string): AsyncGenerator<readonly Digest[]> {
  const ofKind = kind === undefined ? sql`` : sql`AND kind = ${kind}`;
  for (let last = ''; ; ) {
    const page = await session.snapshot(() =>
      all(sql<{ digest: Digest }>`
        SELECT DISTINCT digest FROM blob_references WHERE digest > ${last} ${ofKind}
        ORDER BY digest LIMIT ${sql.lit(pageSize)}`),
    );
    yield page.map(({ digest }) => digest);
    const end = page.at(-1);
    if (end === undefined || page.length < pageSize) return;
    last = end.digest;
  }
}
