import type { CacheGcDocument, CacheVerifyDocument } from '../../client/cache/cache-documents.ts';
import { openStet } from '../../embedded/index.ts';

/**
 * Collects the garbage of a store in which nobody works, without any grace: nothing that a later round stands on may go.
 */
export async function collectGarbage(store: string): Promise<CacheGcDocument> {
  const stet = await openStet({ store });
  try {
    return await stet.cache.gc({ graceMs: 0 });
  } finally {
    await stet.close();
  }
}

/** Reads everything. @returns What is lost or damaged though nobody damaged it on purpose. */
export async function verifyStore(store: string, damaged: ReadonlySet<string>): Promise<readonly string[]> {
  const stet = await openStet({ store });
  try {
    return findUnexplained(await stet.cache.verify(), damaged);
  } finally {
    await stet.close();
  }
}

export function findUnexplained(report: CacheVerifyDocument, damaged: ReadonlySet<string>): readonly string[] {
  return [
    ...report.database.problems.map((problem) => `the database is not sound: ${problem}`),
    ...report.damaged
      .filter(({ digest }) => !damaged.has(digest))
      .map(({ digest, piece, problem }) => `${piece} ${digest} is ${problem}, and nobody damaged it on purpose`),
  ];
}
