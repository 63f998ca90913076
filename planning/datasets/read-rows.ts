import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { RowManifest } from '../../evaluation/plan.ts';
import type { Sample } from '../../evaluation/sample.ts';
import type { ContentStore } from '../../storage/content-store.ts';
import { readRowManifest } from './row-manifest.ts';
import { getSampleId } from './sample-id.ts';

/** Reads the rows that a plan stored. */
export interface RowReader {
  /** Read once, then remembered. @throws {EvaluationError} `blob-missing`, `blob-damaged`. */
  getManifest(): Promise<RowManifest>;
  /**
   * The samples of one segment, in dataset order.
   *
   * @param segmentIndex - From 0, below the number of segments in the manifest.
   * @throws {EvaluationError} `blob-missing`, `blob-damaged`; `internal` for a segment that the manifest does not have.
   */
  readSegment(segmentIndex: number): Promise<Sample[]>;
}

export function createRowReader(content: ContentStore, manifestDigest: Digest): RowReader {
  let manifest: Promise<RowManifest> | undefined;

  function getManifest(): Promise<RowManifest> {
    manifest ??= readRowManifest(content, manifestDigest).catch((error: unknown) => {
      // The blob may come back (rows are rewritten from the source), so a failure is not remembered.
      manifest = undefined;
      throw error;
    });
    return manifest;
  }

  return {
    getManifest,
    async readSegment(segmentIndex) {
      const { segments, segmentSize, idSource } = await getManifest();
      const segment = segments[segmentIndex];
      if (segment === undefined) {
        throw new EvaluationError(
          'internal',
          `Row segment ${segmentIndex} is not among the ${segments.length} planned.`,
        );
      }
      const bytes = await content.get(segment.digest);
      const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\n');
      return lines.map((line, offset) => {
        const [position, row] = JSON.parse(line) as [number, JsonObject];
        return { index: segmentIndex * segmentSize + offset, id: getSampleId(idSource, position, row), row };
      });
    },
  };
}
