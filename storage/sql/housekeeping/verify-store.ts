import { sql } from 'kysely';
import type { Digest } from '../../../contracts/digest.ts';
import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import type { BlobKind } from '../../blob-references.ts';
import type { ContentStore } from '../../content-store.ts';
import type { DamagedBlob, VerifyProgress, VerifyReport } from '../../housekeeping.ts';
import { isBlobLost } from '../../is-blob-lost.ts';
import { all, find, type Work } from '../work.ts';
import { doomedTables } from './doomed-rows.ts';
import { findHolders } from './find-holders.ts';
import type { HousekeepingSession } from './housekeeping-session.ts';
import { addReferencesOfBlobs, addReferencesOfRows, iterateDigests, referenceTables } from './reference-table.ts';

const readsAtOnce = 8;

/** Reads everything that a record refers to. */
export async function verifyStore(
  { session, content }: { readonly session: HousekeepingSession; readonly content: ContentStore },
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifyReport> {
  await session.createTemporaryTables([...doomedTables, ...referenceTables]);
  const database = await session.checkDatabase();
  await session.snapshot(addReferencesOfRows);
  const lost = new Map<Digest, Problem>();
  await addReferencesOfBlobs(session, content, (digest, error) => lost.set(digest, getProblem(error)));

  const total = await session.snapshot(countReferences);
  const verified = { count: 0, sizeBytes: 0 };
  const problems: Damage[] = [];
  let done = 0;
  const digests = iterateDigests(session);
  const readOn = async (): Promise<void> => {
    for await (const digest of digests) {
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
  const damaged: DamagedBlob[] = [];
  for (const damage of problems.toSorted(byDigest)) damaged.push(...(await session.snapshot(() => describe(damage))));
  return { databaseCheck: database.check, databaseProblems: database.problems, verified, damaged };
}

type Problem = DamagedBlob['problem'];
type Damage = Pick<DamagedBlob, 'digest' | 'problem'>;

function* countReferences(): Work<number> {
  const row = yield* find(sql<{ total: number }>`SELECT count(DISTINCT digest) AS total FROM blob_references`);
  return row?.total ?? 0;
}

/** By what it is to whom; nothing where a collection has removed it meanwhile, with the records that referred to it. */
function* describe({ digest, problem }: Damage): Work<readonly DamagedBlob[]> {
  const kinds = yield* all(sql<{ kind: BlobKind }>`
    SELECT DISTINCT kind FROM blob_references WHERE digest = ${digest} ORDER BY kind`);
  const damaged: DamagedBlob[] = [];
  for (const { kind } of kinds) {
    const holders = yield* findHolders({ digest, kind });
    if (holders.length > 0) damaged.push({ digest, kind, problem, holders });
  }
  return damaged;
}

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
