/** A call that changed a file and whose effect is not known to be on the disk. */
type FileChange =
  | { readonly kind: 'write'; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

/** What a power cut lets a file keep. */
export interface FileLuck {
  /** How many of `count` changes its size has followed. */
  readonly pickSize: (count: number) => number;
  /** How many of `count` changes one of its sectors has followed. */
  readonly pickSector: (count: number) => number;
  /** What is read where the file had grown and its new sectors were not written: zeros, or what lay there before. */
  readonly filler: number;
}

/** What a drive writes as a whole. */
export const sectorBytes = 512;

/** Contents of one file: as they are on the disk for certain, and the changes since. */
export class DiskFile {
  #durable: Buffer = Buffer.alloc(0);
  #size = 0;
  readonly #later: FileChange[] = [];
  /** How many changes have become certain. */
  #settled = 0;

  change(change: FileChange): void {
    this.#later.push(change);
  }

  /** Of the whole life of the file. */
  get changeCount(): number {
    return this.#settled + this.#later.length;
  }

  /** The first `count` changes are on the disk. */
  settle(count: number): void {
    for (const change of this.#later.splice(0, Math.max(0, count - this.#settled))) {
      this.#settled++;
      const end = change.kind === 'write' ? change.offset + change.data.length : change.size;
      this.#reserve(end);
      if (change.kind === 'write') {
        change.data.copy(this.#durable, change.offset);
        this.#size = Math.max(this.#size, end);
      } else {
        this.#durable.fill(0, Math.min(end, this.#size));
        this.#size = end;
      }
    }
  }

  /**
   * A content that a power cut may leave. Changes reach the disk by sectors, each of which is there in one of the states
   * that it went through since the last sync, whatever the state of its neighbours; the size is one that the file had.
   * A write leaves the bytes around it alone, also within a sector that it shares with others.
   */
  surviving(luck: FileLuck): Buffer {
    const count = this.#later.length;
    if (count === 0) return Buffer.from(this.#durable.subarray(0, this.#size));
    const sizes = [this.#size];
    for (const change of this.#later) {
      const size = sizes.at(-1) ?? 0;
      sizes.push(change.kind === 'write' ? Math.max(size, change.offset + change.data.length) : change.size);
    }
    const bytes = Buffer.alloc(Math.max(...sizes), luck.filler);
    this.#durable.copy(bytes, 0, 0, this.#size);
    const kept = new Map<number, number>();
    for (const [index, change] of this.#later.entries()) {
      const start = change.kind === 'write' ? change.offset : change.size;
      const end = change.kind === 'write' ? start + change.data.length : bytes.length;
      for (let from = start; from < end; ) {
        const sector = Math.floor(from / sectorBytes);
        const to = Math.min(end, (sector + 1) * sectorBytes);
        let keeps = kept.get(sector);
        if (keeps === undefined) {
          keeps = luck.pickSector(count);
          kept.set(sector, keeps);
        }
        if (index < keeps) {
          if (change.kind === 'write') change.data.copy(bytes, from, from - start, to - start);
          else bytes.fill(0, from, to);
        }
        from = to;
      }
    }
    return bytes.subarray(0, sizes[luck.pickSize(count)] ?? 0);
  }

  #reserve(size: number): void {
    if (size <= this.#durable.length) return;
    const grown = Buffer.alloc(Math.max(size, 2 * this.#durable.length));
    this.#durable.copy(grown, 0, 0, this.#size);
    this.#durable = grown;
  }
}
