import type { Random } from './random.ts';

/** Draws as many units as there are, with replacement; fills in how often each kind came. */
export type DrawCounts = (into: Uint32Array, random: Random) => void;

/**
 * Draws from units of few kinds without drawing every unit: the counts are multinomial, and come one by one from binomial
 * distributions of what is left.
 *
 * @param base - How many units of each kind there are; each at least one.
 */
export function createDrawCounts(base: Uint32Array): DrawCounts {
  const total = base.reduce((sum, count) => sum + count, 0);
  const logFactorials = new Float64Array(total + 1);
  for (let n = 1; n <= total; n++) logFactorials[n] = (logFactorials[n - 1] as number) + Math.log(n);
  return (into, random) => {
    let unitsLeft = total;
    let drawsLeft = total;
    for (let kind = 0; kind < base.length; kind++) {
      const count = base[kind] as number;
      const drawn = count === unitsLeft ? drawsLeft : drawBinomial(drawsLeft, count / unitsLeft, logFactorials, random);
      into[kind] = drawn;
      drawsLeft -= drawn;
      unitsLeft -= count;
    }
  };
}

function drawBinomial(tosses: number, share: number, logFactorials: Float64Array, random: Random): number {
  if (tosses === 0) return 0;
  if (share > 0.5) return tosses - drawBinomial(tosses, 1 - share, logFactorials, random);
  return tosses * share < 10
    ? drawByInversion(tosses, share, random)
    : drawByRejection(tosses, share, logFactorials, random);
}

function drawByInversion(tosses: number, share: number, random: Random): number {
  const odds = share / (1 - share);
  const none = (1 - share) ** tosses;
  for (;;) {
    let [count, likelihood, left] = [0, none, random.next()];
    while (left > likelihood && count <= tosses) {
      left -= likelihood;
      count += 1;
      likelihood *= (odds * (tosses - count + 1)) / count;
    }
    // Beyond the last one only what rounding left over remains.
    if (count <= tosses) return count;
  }
}

/** @see Hörmann (1993), The generation of binomial random variates, BTRS, https://doi.org/10.1080/00949659308811496 */
function drawByRejection(tosses: number, share: number, logFactorials: Float64Array, random: Random): number {
  const deviation = Math.sqrt(tosses * share * (1 - share));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * share;
  const centre = tosses * share + 0.5;
  const alpha = (2.83 + 5.1 / b) * deviation;
  const quick = 0.92 - 4.2 / b;
  const logOdds = Math.log(share / (1 - share));
  const mode = Math.floor((tosses + 1) * share);
  const logTop = (logFactorials[mode] as number) + (logFactorials[tosses - mode] as number);
  for (;;) {
    const u = random.next() - 0.5;
    const v = random.next();
    const us = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / us + b) * u + centre);
    if (us >= 0.07 && v <= quick) return count;
    if (count < 0 || count > tosses) continue;
    const height = Math.log((v * alpha) / (a / us ** 2 + b));
    const logRest = (logFactorials[count] as number) + (logFactorials[tosses - count] as number);
    if (height <= logTop - logRest + (count - mode) * logOdds) return count;
  }
}
