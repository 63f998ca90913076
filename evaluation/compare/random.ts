/** A stream of random numbers, the same for the same seed on every machine. */
export interface Random {
  /** Above 0, below 1. */
  next(): number;
  /** Fills an array with whole numbers from 0 to below `limit`, each as likely as any other. */
  fill(into: Uint32Array, limit: number): void;
}

/**
 * @param seed - A whole number.
 * @see Blackman and Vigna (2021), xoshiro128++, https://doi.org/10.1145/3460772
 */
export function createRandom(seed: number): Random {
  const mix = createMixer(seed);
  let [a, b, c, d] = [mix(), mix(), mix(), mix()];
  return {
    next() {
      const sum = (a + d) | 0;
      const drawn = (((sum << 7) | (sum >>> 25)) + a) >>> 0;
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
      return (drawn + 0.5) / 2 ** 32;
    },
    /** The same steps again, over locals: this runs hundreds of millions of times. */
    fill(into, limit) {
      let [e, f, g, h] = [a, b, c, d];
      const scale = limit / 2 ** 32;
      for (let index = 0; index < into.length; index++) {
        const sum = (e + h) | 0;
        const drawn = (((sum << 7) | (sum >>> 25)) + e) >>> 0;
        const shifted = f << 9;
        g ^= e;
        h ^= f;
        f ^= g;
        e ^= h;
        g ^= shifted;
        h = (h << 11) | (h >>> 21);
        into[index] = drawn * scale;
      }
      [a, b, c, d] = [e, f, g, h];
    },
  };
}

/** Spreads a seed over the state: the finaliser of MurmurHash3 over a Weyl sequence. */
function createMixer(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  };
}
