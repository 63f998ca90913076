import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import { describeFieldPath } from './diagnose-json-line.ts';
import { describeNumber } from './json-faults.ts';
import type { PositionSet } from './position-set.ts';
import type { FailRow } from './row-error.ts';
import type { RowSource, SourceRow } from './row-source.ts';

const rowsPerBatch = 1000;

/** Rows written in the run file, or handed over by a program: the numbers of the latter are checked here first. */
export function createInlineSource(samples: readonly JsonObject[], fail: FailRow): RowSource {
  return {
    async *readBatches(wanted?: PositionSet) {
      let batch: SourceRow[] = [];
      for (const [position, row] of samples.entries()) {
        if (wanted !== undefined && !wanted.has(position)) continue;
        checkNumbers(row, [], { row: position }, fail);
        batch.push({ position, row });
        if (batch.length === rowsPerBatch) {
          yield batch;
          batch = [];
        }
      }
      yield batch;
    },
  };
}

function checkNumbers(
  value: JsonValue | undefined,
  path: readonly (string | number)[],
  place: { readonly row: number },
  fail: FailRow,
): void {
  if (typeof value === 'number') {
    // What prints as an integer was meant as one; measured values beyond 10^21 print with an exponent.
    const isExact =
      Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21);
    if (!isExact) throw fail(place, describeNumber(describeFieldPath(path), String(value)), 'Write it as text.');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) checkNumbers(element as JsonValue, [...path, index], place, fail);
    return;
  }
  for (const [name, member] of Object.entries(value)) checkNumbers(member as JsonValue, [...path, name], place, fail);
}
