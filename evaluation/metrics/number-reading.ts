import type { ScoreValue } from '../score.ts';

/** Why values of a field cannot be aggregated; the first sample that shows it is named. */
export class NumberReader {
  #defect: string | undefined;

  /** The value as a number (booleans are 1 and 0), or `undefined` where it is none, which spoils the metric. */
  read(value: Exclude<ScoreValue, null>, sampleId: string): number | undefined {
    if (typeof value === 'string') {
      this.#defect ??= `not-numeric: sample ${sampleId}`;
      return undefined;
    }
    const number = Number(value);
    if (Number.isFinite(number)) return number;
    this.#defect ??= `not-a-number: sample ${sampleId}`;
    return undefined;
  }

  /** Reason for a null value, if any value read was no number. */
  get defect(): string | undefined {
    return this.#defect;
  }
}
