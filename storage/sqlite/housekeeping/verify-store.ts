import type { Digest } from '../../../contracts/digest.ts';
import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import type { BlobKind } from '../../blob-references.ts';
import type { ContentStore } from '../../content-store.ts';
import type { DamagedBlob, VerifyProgress, VerifyReport } from '../../housekeeping.ts';
import { isBlobLost } from '../../is-blob-lost.ts';
import type { SqliteConnection } from '../connection.ts';
import { createDoomedTables } from './doomed-rows.ts';
import { findHolders } from './find-holders.ts';
import { addReferencesOfBlobs, addReferencesOfRows, createReferenceTable, iterateDigests } from './reference-table.ts';

const readsAtOnce = 8;

/** Reads everything that a record refers to. */
export async function verifyStore(
  { connection, content }: { readonly connection: SqliteConnection; readonly content: ContentStore },
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifyReport> {
  createDoomedTables(connection);
  createReferenceTable(connection);
  const databaseProblems = listDatabaseProblems(connection);
  connection.snapshot(() => addReferencesOfRows(connection));
  const lost = new Map<Digest, Problem>();
  await addReferencesOfBlobs(connection, content, (digest, error) => lost.set(digest, getProblem(error)));

  const [row] = connection
    .prepare<{ total: number }>('SELECT count(DISTINCT digest) AS total FROM blob_references')
    .all([]);
  const total = row?.total ?? 0;
  const verified = { count: 0, sizeBytes: 0 };
  const problems: { readonly digest: Digest; readonly problem: Problem }[] = [];
  let done = 0;
  const digests = iterateDigests(connection);
  const readOn = async (): Promise<void> => {
    for (const digest of digests) {
      const problem = lost.get(digest) ?? (await findProblem(content, digest));
      if (problem !== undefined) problems.push({ digest, problem });
      else {
        const sizeBytes = (await content.findSize(digest)) ?? 0;
        verified.count += 1;
        verified.sizeBytes += sizeBytes;
      }
      done += 1;
      onProgress({ done, total });
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, readOn));
  return { databaseProblems, verified, damaged: problems.toSorted(byDigest).flatMap(describe) };

  /** By what it is to whom; nothing where a collection has removed it meanwhile, with the records that referred to it. */
  function describe({ digest, problem }: (typeof problems)[number]): DamagedBlob[] {
    const kinds = connection
      .prepare<{ kind: BlobKind }>('SELECT DISTINCT kind FROM blob_references WHERE digest = ? ORDER BY kind')
      .all([digest]);
    return kinds
      .map(({ kind }) => ({ digest, kind, problem, holders: findHolders(connection, { digest, kind }) }))
      .filter(({ holders }) => holders.length > 0);
  }
}

type Problem = DamagedBlob['problem'];

async function findProblem(content: ContentStore, digest: Digest): Promise<Problem | undefined> {
  try {
    await content.get(digest);
    return undefined;
  } catch (error) {
    if (!isBlobLost(error)) throw error;
    return getProblem(error);
  }
}

function getProblem(error: unknown): Problem {
  return error instanceof EvaluationError && error.code === 'blob-damaged' ? 'damaged' : 'missing';
}

function byDigest(left: { readonly digest: string }, right: { readonly digest: string }): number {
  return left.digest < right.digest ? -1 : 1;
}

function listDatabaseProblems(connection: SqliteConnection): readonly string[] {
  const integrity = connection
    .prepare<{ integrity_check: string }>('PRAGMA integrity_check')
    .all([])
    .map((row) => row.integrity_check)
    .filter((line) => line !== 'ok');
  const dangling = connection
    .prepare<{ table: string; parent: string }>('PRAGMA foreign_key_check')
    .all([])
    .map(({ table, parent }) => `a row of ${table} refers to a row of ${parent} that is not there`);
  return [...integrity, ...new Set(dangling)];
}
