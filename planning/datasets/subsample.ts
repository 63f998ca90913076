import { hash } from 'node:crypto';
import { createPositionSet, type PositionSet } from './position-set.ts';
import { readWord } from './text-set.ts';

/**
 * Keeps the `count` samples of lowest rank among those it is shown (format 13.4, `random`): the rank is the SHA-256 of
 * `stet-subsample-1`, the seed and the id as three lines. Memory grows with what is kept, not with what is shown.
 */
export interface RandomSubsample {
  visit(position: number, id: string): void;
  getPositions(): PositionSet;
}

// Of each digest 128 bits decide, then the position: that two ids agree in more than these does not happen.
const wordsPerRank = 4;

export function createRandomSubsample(options: { readonly count: number; readonly seed: number }): RandomSubsample {
  // A binary heap with the greatest rank on top, in flat arrays: a million objects would take ten times the memory.
  let capacity = Math.min(options.count, 1024);
  let ranks = new Uint32Array(capacity * wordsPerRank);
  let positions = new Uint32Array(capacity);
  let size = 0;
  const shown = new Uint32Array(wordsPerRank);
  const prefix = `stet-subsample-1\n${options.seed}\n`;

  function compareEntries(left: number, right: number): number {
    for (let word = 0; word < wordsPerRank; word++) {
      const difference = (ranks[left * wordsPerRank + word] ?? 0) - (ranks[right * wordsPerRank + word] ?? 0);
      if (difference !== 0) return difference;
    }
    return (positions[left] ?? 0) - (positions[right] ?? 0);
  }

  function isBelowTop(position: number): boolean {
    for (let word = 0; word < wordsPerRank; word++) {
      const difference = (shown[word] ?? 0) - (ranks[word] ?? 0);
      if (difference !== 0) return difference < 0;
    }
    return position < (positions[0] ?? 0);
  }

  function put(entry: number, position: number): void {
    ranks.set(shown, entry * wordsPerRank);
    positions[entry] = position;
  }

  function swap(left: number, right: number): void {
    for (let word = 0; word < wordsPerRank; word++) {
      const kept = ranks[left * wordsPerRank + word] ?? 0;
      ranks[left * wordsPerRank + word] = ranks[right * wordsPerRank + word] ?? 0;
      ranks[right * wordsPerRank + word] = kept;
    }
    const kept = positions[left] ?? 0;
    positions[left] = positions[right] ?? 0;
    positions[right] = kept;
  }

  function siftUp(start: number): void {
    for (let entry = start; entry > 0; ) {
      const parent = (entry - 1) >>> 1;
      if (compareEntries(entry, parent) <= 0) return;
      swap(entry, parent);
      entry = parent;
    }
  }

  function siftDown(): void {
    for (let entry = 0; ; ) {
      const left = entry * 2 + 1;
      if (left >= size) return;
      const greater = left + 1 < size && compareEntries(left + 1, left) > 0 ? left + 1 : left;
      if (compareEntries(greater, entry) <= 0) return;
      swap(greater, entry);
      entry = greater;
    }
  }

  function grow(): void {
    capacity = Math.min(options.count, capacity * 2);
    const largerRanks = new Uint32Array(capacity * wordsPerRank);
    largerRanks.set(ranks);
    ranks = largerRanks;
    const largerPositions = new Uint32Array(capacity);
    largerPositions.set(positions);
    positions = largerPositions;
  }

  return {
    visit(position, id) {
      const digest = hash('sha256', prefix + id, 'binary');
      for (let word = 0; word < wordsPerRank; word++) shown[word] = readWord(digest, word * 4);
      if (size < options.count) {
        if (size === capacity) grow();
        put(size, position);
        siftUp(size);
        size += 1;
      } else if (isBelowTop(position)) {
        put(0, position);
        siftDown();
      }
    },
    getPositions() {
      const kept = createPositionSet();
      for (let entry = 0; entry < size; entry++) kept.add(positions[entry] ?? 0);
      return kept;
    },
  };
}
