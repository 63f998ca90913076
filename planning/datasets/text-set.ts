import { hash } from 'node:crypto';

/**
 * Remembers which texts were there, in 16 bytes each: the first 128 bits of their SHA-256 stand for them. Two texts that
 * agree in these do not occur by chance, and nobody gains by making them: the ids would only count as not unique.
 */
export interface TextSet {
  /** True if the text is new. */
  add(text: string): boolean;
}

const wordsPerEntry = 4;

export function createTextSet(): TextSet {
  // Open addressing with linear probing, at most two thirds full. An entry of four zero words is a free one.
  let slotCount = 1024;
  let words = new Uint32Array(slotCount * wordsPerEntry);
  let size = 0;

  /** Index of the first word of the entry, or of the free place where it belongs. */
  function findEntry(table: Uint32Array, slots: number, a: number, b: number, c: number, d: number): number {
    let slot = a & (slots - 1);
    for (;;) {
      const at = slot * wordsPerEntry;
      if (table[at] === a && table[at + 1] === b && table[at + 2] === c && table[at + 3] === d) return at;
      if (table[at] === 0 && table[at + 1] === 0 && table[at + 2] === 0 && table[at + 3] === 0) return at;
      slot = (slot + 1) & (slots - 1);
    }
  }

  function grow(): void {
    const largerSlotCount = slotCount * 2;
    const larger = new Uint32Array(largerSlotCount * wordsPerEntry);
    for (let at = 0; at < words.length; at += wordsPerEntry) {
      const a = words[at] ?? 0;
      const b = words[at + 1] ?? 0;
      const c = words[at + 2] ?? 0;
      const d = words[at + 3] ?? 0;
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;
      larger.set([a, b, c, d], findEntry(larger, largerSlotCount, a, b, c, d));
    }
    slotCount = largerSlotCount;
    words = larger;
  }

  return {
    add(text) {
      const digest = hash('sha256', text, 'binary');
      const a = readWord(digest, 0);
      const b = readWord(digest, 4);
      const c = readWord(digest, 8);
      const d = readWord(digest, 12);
      const at = findEntry(words, slotCount, a, b, c, d);
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return false;
      words[at] = a;
      words[at + 1] = b;
      words[at + 2] = c;
      words[at + 3] = d;
      size += 1;
      if (size * 3 > slotCount * 2) grow();
      return true;
    },
  };
}

/** Four bytes of a digest, given as text with one character per byte, as an unsigned number. */
export function readWord(digest: string, offset: number): number {
  return (
    ((digest.charCodeAt(offset) << 24) |
      (digest.charCodeAt(offset + 1) << 16) |
      (digest.charCodeAt(offset + 2) << 8) |
      digest.charCodeAt(offset + 3)) >>>
    0
  );
}
