import { isExactNumber } from './scan-json-line.ts';

const numberPattern = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const booleanPattern = /^(?:true|false)$/i;

/**
 * The value of a CSV cell under `infer_types: true` (format 13.2): JSON number literals, booleans in any case, null for
 * an empty cell, else the text. An integer that a double cannot hold stays text.
 *
 * @returns `undefined` for a number that overflows, which is an error.
 */
export function inferCell(cell: string): string | number | boolean | null | undefined {
  if (cell === '') return null;
  if (numberPattern.test(cell)) {
    const value = Number(cell);
    if (isExactNumber(cell)) return value;
    return /[.eE]/.test(cell) ? undefined : cell;
  }
  if (booleanPattern.test(cell)) return cell.toLowerCase() === 'true';
  return cell;
}
