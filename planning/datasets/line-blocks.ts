import { isUtf8 } from 'node:buffer';
import type { FailRow } from './row-error.ts';

/** Whole lines of a file. */
export interface LineBlock {
  /** Valid UTF-8; ends with a line feed, but for the end of the file. The byte order mark is gone. */
  readonly bytes: Buffer;
  /** Number of the first line, from 1. */
  readonly firstLine: number;
}

/** Beyond this a line is refused; Node cannot make a text of more than 512 MB at all. */
export const maxLineBytes = 256 * 1024 * 1024;
const lineFeed = 10;

/** Cuts a stream of bytes at line feeds, so that no reader meets half a line or half a character. */
export async function* readLineBlocks(chunks: AsyncIterable<Buffer>, fail: FailRow): AsyncGenerator<LineBlock> {
  let firstLine = 1;
  // Pieces of a line that has not ended, joined only when it does: a long line is not copied once per chunk.
  let pending: Buffer[] = [];
  let pendingBytes = 0;

  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(lineFeed) + 1;
    if (end === 0) {
      pending.push(chunk);
      pendingBytes += chunk.length;
      if (pendingBytes > maxLineBytes) {
        throw fail({ line: firstLine }, 'the line is longer than 256 MB.', 'End each row with a line feed.');
      }
      continue;
    }
    const head = chunk.subarray(0, end);
    const bytes = pending.length === 0 ? head : Buffer.concat([...pending, head]);
    pending = end === chunk.length ? [] : [chunk.subarray(end)];
    pendingBytes = chunk.length - end;
    const block = makeBlock(bytes);
    yield block;
    firstLine += countLineFeeds(bytes);
  }
  if (pendingBytes > 0) yield makeBlock(Buffer.concat(pending));

  function makeBlock(bytes: Buffer): LineBlock {
    if (!isUtf8(bytes)) {
      const line = firstLine + countLinesBeforeFault(bytes);
      throw fail({ line }, 'the bytes are not UTF-8.', 'Save the file as UTF-8.');
    }
    const hasMark = firstLine === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    return { bytes: hasMark ? bytes.subarray(3) : bytes, firstLine };
  }
}

function countLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}

function countLinesBeforeFault(bytes: Buffer): number {
  let line = 0;
  let start = 0;
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, start)) {
    if (!isUtf8(bytes.subarray(start, at + 1))) return line;
    line += 1;
    start = at + 1;
  }
  return line;
}
