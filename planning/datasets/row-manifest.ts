import type { Digest } from '../../contracts/digest.ts';
import type { RowManifest } from '../../evaluation/plan.ts';
import type { ContentStore } from '../../storage/content-store.ts';

/** The manifest as it is stored: also what planning wants to know of rows that it need not read again. */
export interface StoredRowManifest extends RowManifest {
  readonly columns: readonly string[];
  readonly rowsBeforeFilters: number;
}

/** @throws {EvaluationError} `blob-missing`, `blob-damaged`. */
export async function readRowManifest(content: ContentStore, digest: Digest): Promise<StoredRowManifest> {
  const bytes = await content.get(digest);
  return JSON.parse(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
  ) as StoredRowManifest;
}
