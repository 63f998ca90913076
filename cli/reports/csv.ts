import type { JsonValue } from '../../contracts/json.ts';

/**
 * One record as RFC 4180 has it, with its line end. A null or absent value is an empty cell, an empty text a quoted one; what
 * is neither text, number nor truth value is JSON.
 *
 * A text that a spreadsheet would take for a formula gets an apostrophe in front, see {@link guardFormula}.
 */
export function renderCsvRecord(cells: readonly (JsonValue | undefined)[]): string {
  return `${cells.map(renderCell).join(',')}\r\n`;
}

function renderCell(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = guardFormula(typeof value === 'string' ? value : JSON.stringify(value));
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Spreadsheets compute a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return, and an answer of a model must
 * not run there. Such a text, but not a plain number, gets an apostrophe in front, and so does one that has apostrophes
 * before such a beginning: taking one away where such a beginning follows gives every text back.
 */
export function guardFormula(text: string): string {
  return /^'*[=+\-@\t\r＝＋－＠]/.test(text) && !/^[+-]?\d+(?:\.\d+)?$/.test(text) ? `'${text}` : text;
}
