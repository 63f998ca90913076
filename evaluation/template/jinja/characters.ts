const surrogate = /[\uD800-\uDFFF]/;

/** Python's white space, which is not quite JavaScript's: U+001C to U+001F and U+0085 count, U+FEFF does not. */
export const whiteSpace = '\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const leadingWhiteSpace = new RegExp(`^[${whiteSpace}]+`);
const isWhiteSpace = new RegExp(`[${whiteSpace}]`);

/** Code points, which is what Python counts and cuts. */
export function splitCharacters(text: string): string[] {
  return surrogate.test(text) ? Array.from(text) : text.split('');
}

export function countCharacters(text: string): number {
  return surrogate.test(text) ? Array.from(text).length : text.length;
}

export function stripStart(text: string): string {
  return text.replace(leadingWhiteSpace, '');
}

export function stripEnd(text: string): string {
  // Character by character: a regular expression anchored at the end is quadratic in the runs of blanks before it.
  let end = text.length;
  while (end > 0 && isWhiteSpace.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

export function strip(text: string): string {
  return stripEnd(stripStart(text));
}

/** Orders by code point, as Python does; `<` orders by UTF-16 unit. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    if (left.charCodeAt(index) === right.charCodeAt(index)) continue;
    return (left.codePointAt(index) ?? 0) - (right.codePointAt(index) ?? 0);
  }
  return left.length - right.length;
}
