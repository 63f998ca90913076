import type { Digest } from './digest.ts';

/** A model that is held because it does not answer (format 19.3). */
export interface ModelOutage {
  readonly modelVersion: Digest;
  /** For people, such as `model small: 503 since 12 s, next query in 8 s`. */
  readonly text: string;
}
