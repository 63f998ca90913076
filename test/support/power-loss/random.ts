/** Repeatable random numbers. */
export interface Random {
  /** Below 1, from 0. */
  fraction(): number;
  /** A whole number from 0 to `highest`, which is among them. */
  upTo(highest: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

/** @see Mulberry32 by Tommy Ettinger: 32 bits of state are plenty for choosing crashes. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (highest: number): number => Math.floor(fraction() * (highest + 1));
  return { fraction, upTo, pick: (choices) => choices[upTo(choices.length - 1)] ?? choices[0] };
}
