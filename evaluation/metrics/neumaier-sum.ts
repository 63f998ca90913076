/**
 * Compensated sum: what a plain addition rounds away is kept apart and added at the end, so that a million small values
 * beside a large one are not lost.
 *
 * @see Neumaier (1974), https://doi.org/10.1002/zamm.19740540106
 */
export class NeumaierSum {
  #sum = 0;
  #compensation = 0;

  add(value: number): void {
    const total = this.#sum + value;
    this.#compensation +=
      Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - total + value : value - total + this.#sum;
    this.#sum = total;
  }

  get value(): number {
    return this.#sum + this.#compensation;
  }
}
