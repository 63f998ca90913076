/** A set of row positions at one bit each: which of a million rows stay costs 125 kB. */
export interface PositionSet {
  readonly size: number;
  add(position: number): void;
  has(position: number): boolean;
  /** In ascending order. */
  [Symbol.iterator](): IterableIterator<number>;
}

export function createPositionSet(): PositionSet {
  let bits = new Uint8Array(1024);
  let size = 0;

  function has(position: number): boolean {
    return ((bits[position >>> 3] ?? 0) & (1 << (position & 7))) !== 0;
  }

  return {
    get size() {
      return size;
    },
    add(position) {
      if (has(position)) return;
      const byteIndex = position >>> 3;
      if (byteIndex >= bits.length) {
        const larger = new Uint8Array(Math.max(bits.length * 2, byteIndex + 1));
        larger.set(bits);
        bits = larger;
      }
      bits[byteIndex] = (bits[byteIndex] ?? 0) | (1 << (position & 7));
      size += 1;
    },
    has,
    *[Symbol.iterator]() {
      for (let byteIndex = 0; byteIndex < bits.length; byteIndex++) {
        const byte = bits[byteIndex] ?? 0;
        if (byte === 0) continue;
        for (let bit = 0; bit < 8; bit++) {
          if ((byte & (1 << bit)) !== 0) yield byteIndex * 8 + bit;
        }
      }
    },
  };
}
