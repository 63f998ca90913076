/** What a quick look at a line of valid JSON tells. */
export interface JsonLineScan {
  /** Members of all objects in the text, repeated names counted each time. */
  readonly memberCount: number;
  /** Whether all numbers are what they say once they are doubles (format 13.2). */
  readonly hasExactNumbers: boolean;
}

const quote = 34;
const minus = 45;
const colon = 58;
const backslash = 92;

/**
 * Counts members and checks numbers in one pass over the characters, jumping over texts. `JSON.parse` has accepted the
 * line, so the grammar need not be checked; finding the place of a fault is left to `diagnoseJsonLine`.
 */
export function scanJsonLine(line: string): JsonLineScan {
  let memberCount = 0;
  let hasExactNumbers = true;
  for (let index = 0; index < line.length; index++) {
    const code = line.charCodeAt(index);
    if (code === quote) {
      index = findTextEnd(line, index);
    } else if (code === colon) {
      memberCount += 1;
    } else if (isDigit(code) || code === minus) {
      const end = findNumberEnd(line, index);
      // Short numbers without exponent always fit: the common case is settled without making a text of it.
      if ((end - index > 15 || hasExponent(line, index, end)) && !isExactNumber(line.slice(index, end))) {
        hasExactNumbers = false;
      }
      index = end - 1;
    }
  }
  return { memberCount, hasExactNumbers };
}

/** Index of the quote that ends the text which begins at `start`. */
function findTextEnd(line: string, start: number): number {
  let end = line.indexOf('"', start + 1);
  while (end !== -1) {
    let backslashes = 0;
    while (line.charCodeAt(end - 1 - backslashes) === backslash) backslashes += 1;
    if (backslashes % 2 === 0) return end;
    end = line.indexOf('"', end + 1);
  }
  return line.length;
}

function findNumberEnd(line: string, start: number): number {
  let end = start + 1;
  while (end < line.length && isNumberCharacter(line.charCodeAt(end))) end += 1;
  return end;
}

function hasExponent(line: string, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const code = line.charCodeAt(index);
    if (code === 101 || code === 69) return true;
  }
  return false;
}

/**
 * Whether a JSON number literal may become a double: not beyond its range, and as an integer within ±(2^53 − 1). Only
 * what is written without point and exponent counts as an integer; `1e20` is a measured value, as are long fractions.
 */
export function isExactNumber(literal: string): boolean {
  const value = Number(literal);
  if (!Number.isFinite(value)) return false;
  return Number.isSafeInteger(value) || /[.eE]/.test(literal);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isNumberCharacter(code: number): boolean {
  // digits, point, plus, minus, e, E
  return isDigit(code) || code === 46 || code === 43 || code === minus || code === 101 || code === 69;
}
