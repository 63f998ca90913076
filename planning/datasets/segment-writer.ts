import type { BlobReference, RowManifest } from '../../evaluation/plan.ts';
import type { BlobSink } from './blob-sink.ts';

/** Seals rows into segment blobs of one line `[position, row]` each, some of them being written while more are read. */
export interface SegmentWriter {
  readonly count: number;
  add(position: number, canonicalRow: string): void;
  /** Waits until few enough writes are under way. @throws What a write threw. */
  settle(): Promise<void>;
  /** Seals what is left and waits for all. */
  finish(): Promise<RowManifest['segments']>;
  /** Waits for what is under way and forgets its errors: nothing is written any more once this resolves. */
  abandon(): Promise<void>;
}

/** Each write waits for the disk twice; a few at once make a million rows a matter of seconds. */
const maxWritesAtOnce = 8;

export function createSegmentWriter(sink: BlobSink, segmentSize: number): SegmentWriter {
  const sealed: { readonly reference: Promise<BlobReference>; readonly count: number }[] = [];
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let lines: string[] = [];
  let count = 0;

  function seal(): void {
    const reference = sink(Buffer.from(lines.join('\n')));
    sealed.push({ reference, count: lines.length });
    lines = [];
    // Errors are kept here, as nobody may be waiting at the moment they occur.
    const write = reference
      .then(
        () => undefined,
        (error: unknown) => {
          failure ??= { error };
        },
      )
      .finally(() => underWay.delete(write));
    underWay.add(write);
  }

  function throwFailure(): void {
    if (failure !== undefined) throw failure.error;
  }

  return {
    get count() {
      return count;
    },
    add(position, canonicalRow) {
      lines.push(`[${position},${canonicalRow}]`);
      count += 1;
      if (lines.length === segmentSize) seal();
    },
    async settle() {
      while (underWay.size >= maxWritesAtOnce) await Promise.race(underWay);
      throwFailure();
    },
    async finish() {
      if (lines.length > 0) seal();
      await Promise.all(underWay);
      throwFailure();
      const references = await Promise.all(sealed.map(({ reference }) => reference));
      return references.map(({ digest, sizeBytes }, index) => ({
        digest,
        sizeBytes,
        count: sealed[index]?.count ?? 0,
      }));
    },
    async abandon() {
      await Promise.all(underWay);
    },
  };
}
