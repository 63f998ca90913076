import type { JsonObject } from '../../contracts/json.ts';
import type { PositionSet } from './position-set.ts';

export interface SourceRow {
  /** 0-based place in the source before filters; blank lines of a JSONL file do not count. */
  readonly position: number;
  /** Line on which the row begins, from 1, where the source has lines and they are known. */
  readonly line?: number;
  readonly row: JsonObject;
}

/** Rows that can be read more than once, in the same order and with the same content each time. */
export interface RowSource {
  /** Path for messages; absent for rows written in the run file. */
  readonly file?: string;
  /**
   * Reads the rows in batches of a few thousand at most.
   *
   * @param wanted - Only these positions are delivered; the reader may skip checking the others.
   * @throws {EvaluationError} `dataset-invalid` at the first row that is none, and at the end when the content is not
   *   what it was before.
   */
  readBatches(wanted?: PositionSet): AsyncIterable<readonly SourceRow[]>;
}
