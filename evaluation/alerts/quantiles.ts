/** Quantile 0.975 of the standard normal distribution: both tails of a 95 % interval. */
export const normalQuantile = 1.959963984540054;

const tails = 0.05;

/**
 * Quantile 0.975 of Student's t distribution, to at least five digits.
 *
 * @param degreesOfFreedom - A whole number from 1.
 * @see Hill (1970), Algorithm 396: Student's t-quantiles, https://doi.org/10.1145/355598.355600
 */
export function studentQuantile(degreesOfFreedom: number): number {
  const n = degreesOfFreedom;
  if (n === 1) return 1 / Math.tan((tails * Math.PI) / 2);
  if (n === 2) return Math.sqrt(2 / (tails * (2 - tails)) - 2);
  const a = 1 / (n - 0.5);
  const b = 48 / a ** 2;
  const c = ((20_700 * a) / b - 98) * a ** 2 - 16 * a + 96.36;
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * n;
  const y = (d * tails) ** (2 / n);
  return y > 0.05 + a ? expandAroundNormal(n, a, b, c, d) : expandInTail(n, d, y);
}

function expandAroundNormal(n: number, a: number, b: number, c: number, d: number): number {
  const x = -normalQuantile;
  const y = x ** 2;
  const corrected = n < 5 ? c + 0.3 * (n - 4.5) * (x + 0.6) : c;
  const divisor = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + corrected;
  const scaled = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / divisor - y - 3) / b + 1) * x;
  return Math.sqrt(n * Math.expm1(a * scaled ** 2));
}

function expandInTail(n: number, d: number, y: number): number {
  const inner = 1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4);
  return Math.sqrt(n * (((inner * y - 1) * (n + 1)) / (n + 2) + 1 / y));
}
