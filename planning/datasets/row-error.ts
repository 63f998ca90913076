import { EvaluationError, type SourceLocation } from '../../contracts/evaluation-error.ts';

/** Where a row stands. Rows count from 0, like the ids made of them; lines and columns from 1. */
export interface RowPlace {
  /** Absolute path; absent for rows written in the run file. */
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly row?: number | undefined;
}

/** Makes the error for a row of one dataset; bound to its key and file. */
export type FailRow = (
  place: Omit<RowPlace, 'file'>,
  problem: string,
  hint?: string,
  cause?: EvaluationError,
) => EvaluationError;

/** The error `dataset-invalid`: dataset, file, line and row first, then what is wrong with it. */
export function makeRowError(
  datasetKey: string,
  place: RowPlace,
  problem: string,
  options: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
): EvaluationError {
  const parts = [`Dataset "${datasetKey}"`];
  if (place.file !== undefined) parts.push(describeLine(place.file, place.line));
  if (place.row !== undefined) parts.push(`row ${place.row}`);
  return new EvaluationError('dataset-invalid', `${parts.join(', ')}: ${problem}`, {
    ...(options.hint === undefined ? {} : { hint: options.hint }),
    ...(place.file === undefined ? {} : { location: makeLocation(place.file, place) }),
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}

function describeLine(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`;
}

function makeLocation(file: string, place: RowPlace): SourceLocation {
  return {
    file,
    ...(place.line === undefined ? {} : { line: place.line }),
    ...(place.column === undefined ? {} : { column: place.column }),
  };
}
