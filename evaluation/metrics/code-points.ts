/** Orders texts by code point, unlike `<`, which orders by UTF-16 unit and so puts an emoji before U+FB01. */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    if (left.charCodeAt(index) === right.charCodeAt(index)) continue;
    // The first difference may be the second half of a pair; then both halves before it are equal and units decide.
    return (left.codePointAt(index) ?? 0) - (right.codePointAt(index) ?? 0);
  }
  return left.length - right.length;
}
