import { parse } from 'csv-parse';
import type { LineBlock } from './line-blocks.ts';
import type { FailRow } from './row-error.ts';

export interface CsvRecord {
  readonly cells: readonly string[];
  /** Line on which the record begins, from 1. */
  readonly line: number;
}

/** Records of a CSV file in batches; how many cells they have is not checked here. */
export async function* readCsvRecords(
  blocks: AsyncIterable<LineBlock>,
  fail: FailRow,
): AsyncGenerator<readonly CsvRecord[]> {
  let line = 1;
  let arrived: CsvRecord[] = [];
  let failure: Error | undefined;
  const parser = parse({ record_delimiter: ['\r\n', '\n'], relax_column_count: true });
  parser.on('data', (cells: readonly string[]) => {
    arrived.push({ cells, line });
    // Counted here rather than asked of the parser: its details of a record cost more than the record.
    line += 1;
    for (const cell of cells) line += countLineFeeds(cell);
  });
  parser.on('error', (error: Error) => {
    failure ??= error;
  });
  const takeArrived = (): readonly CsvRecord[] => {
    const taken = arrived;
    arrived = [];
    return taken;
  };

  try {
    for await (const block of blocks) {
      // An error given to the callback also arrives as an event.
      await new Promise<void>((resolve) => {
        parser.write(block.bytes, () => resolve());
      });
      yield takeArrived();
      if (failure !== undefined) throw translateError(failure, line, fail);
    }
    await new Promise<void>((resolve) => {
      parser.once('close', resolve);
      parser.end();
    });
    yield takeArrived();
    if (failure !== undefined) throw translateError(failure, line, fail);
  } finally {
    parser.destroy();
  }
}

/**
 * @param nextLine - Line after the last whole record: where an unclosed quote's record began, which the parser has
 *   forgotten when it reaches the end of the file.
 */
function translateError(error: Error, nextLine: number, fail: FailRow): Error {
  const details = error as Error & { readonly code?: unknown; readonly lines?: unknown };
  const line = typeof details.lines === 'number' ? details.lines : undefined;
  const hint = 'Put the whole cell in double quotes and double each quote within it.';
  switch (details.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return fail(
        { line: nextLine },
        'a cell of the row that begins here opens with a quote that is never closed.',
        hint,
      );
    case 'INVALID_OPENING_QUOTE':
      return fail({ line }, 'a quote stands in a cell that does not begin with one.', hint);
    case 'CSV_INVALID_CLOSING_QUOTE':
      return fail({ line }, 'text follows the quote that closes a cell.', hint);
    default:
      return fail({ line }, 'the line is not CSV as RFC 4180 describes it.');
  }
}

function countLineFeeds(cell: string): number {
  let count = 0;
  for (let at = cell.indexOf('\n'); at !== -1; at = cell.indexOf('\n', at + 1)) count += 1;
  return count;
}
