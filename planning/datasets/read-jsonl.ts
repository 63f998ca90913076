import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import { lineHint, makeLineFaultError } from './json-faults.ts';
import type { LineBlock } from './line-blocks.ts';
import type { PositionSet } from './position-set.ts';
import type { FailRow } from './row-error.ts';
import type { SourceRow } from './row-source.ts';
import { scanJsonLine } from './scan-json-line.ts';

const openingBrace = 0x7b;
/** Far beyond any real row, and far from where recursion over it would run out of stack. */
export const maxDepth = 500;
const blankPattern = /^[ \t\r]*$/;

/**
 * Reads one object per line (format 13.2); blank lines are skipped. A name that occurs twice in one object is an error:
 * whichever value were taken, the other would be lost without a word.
 */
export async function* readJsonl(
  blocks: AsyncIterable<LineBlock>,
  fail: FailRow,
  wanted?: PositionSet,
): AsyncGenerator<readonly SourceRow[]> {
  let position = 0;
  for await (const block of blocks) {
    const rows: SourceRow[] = [];
    const text = block.bytes.toString('utf8');
    let line = block.firstLine;
    for (let start = 0; start < text.length; line++) {
      const feed = text.indexOf('\n', start);
      const end = feed === -1 ? text.length : feed;
      const lineText = text.slice(start, end);
      start = end + 1;
      if (lineText.charCodeAt(0) !== openingBrace && blankPattern.test(lineText)) continue;
      if (wanted === undefined || wanted.has(position)) {
        rows.push({ position, line, row: parseRow(lineText, { line, row: position }, fail) });
      }
      position += 1;
    }
    yield rows;
  }
}

function parseRow(lineText: string, place: { readonly line: number; readonly row: number }, fail: FailRow): JsonObject {
  let value: JsonValue;
  try {
    value = JSON.parse(lineText) as JsonValue;
  } catch {
    // The engine's own message quotes the line, and rows do not belong into messages.
    throw makeLineFaultError(lineText, place, fail);
  }
  if (!isObject(value)) throw fail(place, `expected a JSON object, found ${describeKind(value)}.`, lineHint);
  const memberCount = countMembers(value, 0);
  if (memberCount === undefined) throw fail(place, `lists and objects are nested deeper than ${maxDepth} levels.`);
  const scan = scanJsonLine(lineText);
  if (!scan.hasExactNumbers || scan.memberCount !== memberCount) throw makeLineFaultError(lineText, place, fail);
  return value;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Members of all objects in a value; undefined where it is nested too deeply. */
function countMembers(value: JsonValue | undefined, depth: number): number | undefined {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > maxDepth) return undefined;
  const isList = !isObject(value);
  let count = 0;
  for (const element of isList ? value : Object.values(value)) {
    const inner = typeof element === 'object' ? countMembers(element, depth + 1) : 0;
    if (inner === undefined) return undefined;
    count += isList ? inner : inner + 1;
  }
  return count;
}

function describeKind(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
