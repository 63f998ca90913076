import type { JsonObject } from '../contracts/json.ts';

/** One dataset row as templates and scorers see it. */
export interface Sample {
  /** Position in the selection of this task result, from 0; dataset order. */
  readonly index: number;
  /** Column `sample_id`, else the 0-based position in the source before filters, as text (format 13.3). */
  readonly id: string;
  readonly row: JsonObject;
}
