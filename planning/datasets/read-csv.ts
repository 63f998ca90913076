import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import { type CsvRecord, readCsvRecords } from './csv-records.ts';
import { inferCell } from './infer-cell.ts';
import { describeNumber } from './json-faults.ts';
import type { LineBlock } from './line-blocks.ts';
import type { PositionSet } from './position-set.ts';
import type { FailRow } from './row-error.ts';
import type { SourceRow } from './row-source.ts';

/**
 * Reads RFC 4180 with a header row (format 13.2). A blank line is a record with one empty cell, as the RFC has it, and
 * so ragged wherever there is more than one column.
 */
export async function* readCsv(
  blocks: AsyncIterable<LineBlock>,
  options: { readonly inferTypes: boolean },
  fail: FailRow,
  wanted?: PositionSet,
): AsyncGenerator<readonly SourceRow[]> {
  let header: readonly string[] | undefined;
  let position = 0;
  const toValue = options.inferTypes ? createInference(fail) : (cell: string): string => cell;

  for await (const records of readCsvRecords(blocks, fail)) {
    const rows: SourceRow[] = [];
    for (const { cells, line } of records) {
      if (header === undefined) {
        header = checkHeader(cells, line, fail);
        continue;
      }
      if (cells.length !== header.length) throw makeRaggedError(cells, header, { line, row: position }, fail);
      if (wanted === undefined || wanted.has(position)) {
        rows.push({ position, line, row: makeRow(header, cells, toValue, { line, row: position }) });
      }
      position += 1;
    }
    yield rows;
  }
}

type ToValue = (cell: string, name: string, place: { readonly line: number; readonly row: number }) => JsonValue;

function createInference(fail: FailRow): ToValue {
  return (cell, name, place) => {
    const value = inferCell(cell);
    if (value === undefined) {
      throw fail(place, describeNumber(name, cell), 'Leave infer_types off: cells are then text.');
    }
    return value;
  };
}

function makeRow(
  header: readonly string[],
  cells: CsvRecord['cells'],
  toValue: ToValue,
  place: { readonly line: number; readonly row: number },
): JsonObject {
  const row: Record<string, JsonValue> = {};
  for (let index = 0; index < header.length; index++) {
    const name = header[index] ?? '';
    const value = toValue(cells[index] ?? '', name, place);
    // Assigning to this one name would set the prototype and lose the cell.
    if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true });
    else row[name] = value;
  }
  return row;
}

function checkHeader(names: readonly string[], line: number, fail: FailRow): readonly string[] {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (name === '') throw fail({ line }, `column ${index + 1} of the header row has no name.`, 'Name every column.');
    if (seen.has(name)) {
      throw fail({ line }, `the header row names the column "${name}" twice.`, 'Give each column its own name.');
    }
    seen.add(name);
  }
  return names;
}

function makeRaggedError(
  cells: readonly string[],
  header: readonly string[],
  place: { readonly line: number; readonly row: number },
  fail: FailRow,
): Error {
  if (cells.length === 1 && cells[0] === '') {
    return fail(place, `expected ${header.length} cells, found a blank line.`, 'Remove the blank line.');
  }
  return fail(
    place,
    `expected ${header.length} cells as in the header row, found ${cells.length}.`,
    'Put cells that hold commas, quotes or line breaks in double quotes.',
  );
}
