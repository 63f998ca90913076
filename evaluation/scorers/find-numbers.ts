/**
 * A number as people write it: thousands commas, decimals, an exponent. A sign counts unless a letter, digit or bracket
 * stands before it, so that "GPT-4" has a 4 and "3-5" a 5.
 */
const number = String.raw`(?:(?<![\p{L}\p{N})\]])[-+\u2212])?(?:(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)(?:\.\d+)?|(?<![\d.])\.\d+)(?:[eE][-+]?\d+)?`;
const anyNumber = new RegExp(number, 'gu');
const wholeNumber = new RegExp(`^(?:${number})$`, 'u');

/** The text as a number, white space around it aside; `undefined` where it is none, or too great to be one. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  return wholeNumber.test(trimmed) ? toFinite(trimmed) : undefined;
}

/** The last or first number in a text. */
export function findNumber(text: string, which: 'last' | 'first'): number | undefined {
  const found = text.match(anyNumber) ?? [];
  const written = which === 'last' ? found.at(-1) : found[0];
  return written === undefined ? undefined : toFinite(written);
}

function toFinite(written: string): number | undefined {
  const value = Number(written.replaceAll(',', '').replace('\u2212', '-'));
  return Number.isFinite(value) ? value : undefined;
}
