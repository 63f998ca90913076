import { createHash } from 'node:crypto';

/** Choices that depend on nothing but a name: the seed and what is chosen, never on when. */
export interface Random {
  /** From 0, below 1. */
  next(): number;
  chance(probability: number): boolean;
  /** A whole number; both ends included. */
  integer(least: number, most: number): number;
  pick<T>(values: readonly [T, ...T[]]): T;
  /** One of the keys, as often as its weight says in relation to the others. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key;
}

/** A stream of choices of its own for each name, so that one choice more or less in one place changes no other. */
export function createRandom(...name: readonly (string | number)[]): Random {
  let count = 0;
  const next = () => unitOf(...name, count++);
  return {
    next,
    chance: (probability) => next() < probability,
    integer: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick: (values) => values[Math.floor(next() * values.length)] ?? values[0],
    weighted(weights) {
      const entries = Object.entries(weights) as [keyof typeof weights, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [key, weight] of entries) {
        left -= weight;
        if (left < 0) return key;
      }
      throw new Error('Nothing to choose from.');
    },
  };
}

/** A number of the interval from 0 to 1 that always belongs to this name. */
export function unitOf(...name: readonly (string | number)[]): number {
  return createHash('sha256').update(JSON.stringify(name)).digest().readUInt32BE(0) / 2 ** 32;
}
