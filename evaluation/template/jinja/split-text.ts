import { splitCharacters, strip, stripStart, whiteSpace } from './characters.ts';
import { RenderFault } from './faults.ts';

const blanks = new RegExp(`[${whiteSpace}]+`);
const leadingWord = new RegExp(`^[^${whiteSpace}]+`);

/** Python's `split`: at runs of white space without a separator, from the left; a negative limit means none. */
export function splitText(text: string, separator: string | undefined, limit: number): string[] {
  if (separator === '') throw new RenderFault('the separator must not be empty');
  if (separator === undefined) return splitAtBlanks(text, limit);
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(separator)];
}

/** Python's `rsplit`: the same from the right. */
export function splitTextFromRight(text: string, separator: string | undefined, limit: number): string[] {
  if (separator === '') throw new RenderFault('the separator must not be empty');
  if (separator === undefined) {
    if (limit < 0) return splitAtBlanks(text, limit);
    return splitAtBlanks(reverseText(text), limit).map(reverseText).reverse();
  }
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  const first = parts.length - limit;
  return [parts.slice(0, first).join(separator), ...parts.slice(first)];
}

function splitAtBlanks(text: string, limit: number): string[] {
  if (limit < 0) {
    const trimmed = strip(text);
    return trimmed === '' ? [] : trimmed.split(blanks);
  }
  const parts: string[] = [];
  let rest = stripStart(text);
  while (rest !== '' && parts.length < limit) {
    const [word = ''] = leadingWord.exec(rest) ?? [];
    parts.push(word);
    rest = stripStart(rest.slice(word.length));
  }
  if (rest !== '') parts.push(rest);
  return parts;
}

function reverseText(text: string): string {
  return splitCharacters(text).reverse().join('');
}

const lineEndCharacters = '\\n-\\r\\x1c-\\x1e\\x85\\u2028\\u2029';
const lineEnds = new RegExp(`\\r\\n|[${lineEndCharacters}]`, 'g');

/** Python's `splitlines`, which knows more ends of lines than the line feed. */
export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines: string[] = [];
  let start = 0;
  for (const match of text.matchAll(lineEnds)) {
    const end = match.index + match[0].length;
    lines.push(text.slice(start, keepEnds ? end : match.index));
    start = end;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}
