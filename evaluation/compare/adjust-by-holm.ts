/**
 * p-values of several comparisons made at once, so adjusted that the chance of any false alarm among all of them is held,
 * however they depend on each other. In the order given.
 *
 * @see Holm (1979), https://www.jstor.org/stable/4615733
 */
export function adjustByHolm(pValues: readonly number[]): number[] {
  const adjusted = pValues.map(() => 1);
  const order = pValues.map((_, index) => index).sort((left, right) => (pValues[left] ?? 1) - (pValues[right] ?? 1));
  let largest = 0;
  for (const [rank, index] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * (pValues[index] ?? 1)));
    adjusted[index] = largest;
  }
  return adjusted;
}
