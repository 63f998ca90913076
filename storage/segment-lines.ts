import type { Digest } from '../contracts/digest.ts';
import type { BlobReference } from '../evaluation/plan.ts';
import type { ContentStore } from './content-store.ts';

/** Seals outcomes as one blob: a line of JSON each, in the order given. */
export function writeSegmentLines(content: ContentStore, lines: readonly unknown[]): Promise<BlobReference> {
  return content.put(new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join('\n')));
}

/** @throws {EvaluationError} `blob-missing`, `blob-damaged`. */
export async function readSegmentLines<Line>(content: ContentStore, digest: Digest): Promise<Line[]> {
  const text = new TextDecoder().decode(await content.get(digest));
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Line);
}
