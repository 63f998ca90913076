import { diagnoseJsonLine } from './diagnose-json-line.ts';
import type { FailRow } from './row-error.ts';

/** The error for a line that is not a row: what is wrong where, without quoting the row. */
export function makeLineFaultError(
  lineText: string,
  place: { readonly line: number; readonly row: number },
  fail: FailRow,
): Error {
  const fault = diagnoseJsonLine(lineText);
  if (fault === undefined) return fail(place, 'the line is not JSON.', lineHint);
  const at = { ...place, column: fault.column };
  switch (fault.kind) {
    case 'syntax':
      return fail(at, `the line is not JSON: expected ${fault.expected} at column ${fault.column}.`, lineHint);
    case 'number':
      return fail(at, describeNumber(fault.field, fault.literal), `Write it as text: "${shorten(fault.literal)}".`);
    case 'duplicate':
      return fail(at, `the field "${fault.field}" occurs twice.`, 'Keep one of the two.');
  }
}

export const lineHint = 'Each line is one JSON object, such as {"question": "…", "answer": "…"}.';

/** Why a number cannot be kept (format 13.2). */
export function describeNumber(field: string, literal: string): string {
  const named = `the field "${field}" holds ${shorten(literal)}`;
  if (/NaN|Infinity/.test(literal)) return `${named}, which is not a JSON number.`;
  return Number.isFinite(Number(literal))
    ? `${named}, an integer outside ±(2^53 − 1).`
    : `${named}, which is beyond double precision.`;
}

function shorten(literal: string): string {
  return literal.length <= 40 ? literal : `${literal.slice(0, 37)}…`;
}
