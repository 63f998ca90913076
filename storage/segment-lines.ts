import type { Digest } from '../contracts/digest.ts';
import type { BlobReference } from '../evaluation/plan.ts';
import type { ContentStore } from './content-store.ts';

/** Seals lines of JSON text as one blob, in the order given. */
export function writeSegmentLines(content: ContentStore, lines: readonly string[]): Promise<BlobReference> {
  return content.put(Buffer.from(lines.join('\n'), 'utf8'));
}

/** @throws {EvaluationError} `blob-missing`, `blob-damaged`. */
export async function readSegmentLines<Line>(content: ContentStore, digest: Digest): Promise<Line[]> {
  const text = new TextDecoder().decode(await content.get(digest));
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Line);
}
