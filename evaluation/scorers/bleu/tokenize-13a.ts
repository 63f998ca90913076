/** The four information separators and the next line: white space to Python, and not to ECMAScript. */
const separators = String.fromCodePoint(0x1c, 0x1d, 0x1e, 0x1f, 0x85);
/** White space as Python's `str.split` knows it, which is what the tokens of published scores were split by. */
const blanks = new RegExp(`(?:[^\\S\\uFEFF]|[${separators}])+`, 'u');

const entities: readonly (readonly [RegExp, string])[] = [
  [/&quot;/g, '"'],
  [/&amp;/g, '&'],
  [/&lt;/g, '<'],
  [/&gt;/g, '>'],
];

/**
 * Words and marks of a text as the tokeniser `13a` has them (mteval-v13a): marks stand alone, but a point or a comma within
 * a number does not, and a hyphen does only behind a digit.
 */
export function tokenize13a(text: string): string[] {
  let line = text.replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ');
  for (const [pattern, character] of entities) line = line.replace(pattern, character);
  return ` ${line} `
    .replace(/([{-~[-` -&(-+:-@/])/g, ' $1 ')
    .replace(/([^0-9])([.,])/g, '$1 $2 ')
    .replace(/([.,])([^0-9])/g, ' $1 $2')
    .replace(/([0-9])(-)/g, '$1 $2 ')
    .split(blanks)
    .filter((token) => token !== '');
}
