import { formatBraces } from './brace-format.ts';
import { countCharacters, splitCharacters, strip, stripEnd, stripStart } from './characters.ts';
import { RenderFault } from './faults.ts';
import { capitalize, isLowerText, isTitleText, isUpperText, swapCase, toTitleText } from './letter-case.ts';
import { type MethodTable, makeMethodTable, method } from './methods.ts';
import { readItems, readMapping, readOptionalWhole, readText, readWhole } from './read-argument.ts';
import { resolveRange } from './slices.ts';
import { splitLines, splitText, splitTextFromRight } from './split-text.ts';
import { isList, isTrue, type Keywords, listEntries, makeTuple } from './values.ts';

/** The methods of Python text; those of bytes and of translation tables are left out. */
export const textMethods: MethodTable<string> = makeMethodTable<string>({
  capitalize: method('', capitalize),
  casefold: method('', (text) => text.replaceAll('ß', 'ss').replaceAll('ẞ', 'ss').toLowerCase()),
  center: method('width, fillchar?', (text, width, fill) =>
    centerText(text, readWhole(width, 'the width'), readFill(fill)),
  ),
  count: method('sub, start?, end?', (text, part, start, end) => countIn(cut(text, start, end).text, readText(part))),
  endswith: method('suffix, start?, end?', (text, ends, start, end) =>
    readTexts(ends).some((suffix) => cut(text, start, end).text.endsWith(suffix)),
  ),
  expandtabs: method('tabsize?', (text, size) => expandTabs(text, readOptionalWhole(size, 'the tab size') ?? 8)),
  find: method('sub, start?, end?', (text, part, start, end) => find(text, part, start, end, 'first')),
  format: method('*, **', (text, positional, keywords) =>
    formatBraces(text, positional as unknown[], keywords as Keywords),
  ),
  format_map: method('mapping', (text, mapping) =>
    formatBraces(text, [], new Map(listEntries(readMapping(mapping)) as [string, unknown][])),
  ),
  index: method('sub, start?, end?', (text, part, start, end) => demandFound(find(text, part, start, end, 'first'))),
  isalnum: method('', (text) => /^[\p{L}\p{N}]+$/u.test(text)),
  isalpha: method('', (text) => /^\p{L}+$/u.test(text)),
  isascii: method('', (text) => splitCharacters(text).every((character) => character <= '\x7f')),
  isdecimal: method('', (text) => /^\p{Nd}+$/u.test(text)),
  isdigit: method('', (text) => /^[\p{Nd}²³¹⁰⁴-⁹₀-₉]+$/u.test(text)),
  isidentifier: method('', (text) => /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(text)),
  islower: method('', isLowerText),
  isnumeric: method('', (text) => /^\p{N}+$/u.test(text)),
  isprintable: method('', (text) => !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text)),
  isspace: method('', (text) => text !== '' && strip(text) === ''),
  istitle: method('', isTitleText),
  isupper: method('', isUpperText),
  join: method('iterable', (text, items) =>
    readItems(items)
      .map((item) => readText(item, 'every item to join'))
      .join(text),
  ),
  ljust: method('width, fillchar?', (text, width, fill) => text + pad(text, width, fill)),
  lower: method('', (text) => text.toLowerCase()),
  lstrip: method('chars?', (text, characters) => stripText(text, characters, 'start')),
  partition: method('sep', (text, separator) => partition(text, readText(separator), 'first')),
  removeprefix: method('prefix', (text, prefix) =>
    text.startsWith(readText(prefix)) ? text.slice(readText(prefix).length) : text,
  ),
  removesuffix: method('suffix', (text, suffix) =>
    readText(suffix) !== '' && text.endsWith(readText(suffix)) ? text.slice(0, -readText(suffix).length) : text,
  ),
  replace: method('old, new, count?', (text, old, replacement, count) =>
    replaceText(text, readText(old), readText(replacement), readOptionalWhole(count, 'the count') ?? -1),
  ),
  rfind: method('sub, start?, end?', (text, part, start, end) => find(text, part, start, end, 'last')),
  rindex: method('sub, start?, end?', (text, part, start, end) => demandFound(find(text, part, start, end, 'last'))),
  rjust: method('width, fillchar?', (text, width, fill) => pad(text, width, fill) + text),
  rpartition: method('sep', (text, separator) => partition(text, readText(separator), 'last')),
  rsplit: method('sep?, maxsplit?', (text, separator, limit) =>
    splitTextFromRight(text, readSeparator(separator), readOptionalWhole(limit, 'the limit') ?? -1),
  ),
  rstrip: method('chars?', (text, characters) => stripText(text, characters, 'end')),
  split: method('sep?, maxsplit?', (text, separator, limit) =>
    splitText(text, readSeparator(separator), readOptionalWhole(limit, 'the limit') ?? -1),
  ),
  splitlines: method('keepends?', (text, keepEnds = false) => splitLines(text, isTrue(keepEnds))),
  startswith: method('prefix, start?, end?', (text, starts, start, end) =>
    readTexts(starts).some((prefix) => cut(text, start, end).text.startsWith(prefix)),
  ),
  strip: method('chars?', (text, characters) => stripText(text, characters, 'both')),
  swapcase: method('', swapCase),
  title: method('', toTitleText),
  upper: method('', (text) => text.toUpperCase()),
  zfill: method('width', (text, width) => {
    const [, sign = '', digits = ''] = /^([+-]?)(.*)$/su.exec(text) ?? [];
    return sign + '0'.repeat(Math.max(0, readWhole(width, 'the width') - countCharacters(text))) + digits;
  }),
});

/** Python's rule for the odd blank: it goes to the left where the width is odd. */
export function centerText(text: string, width: number, fill: string): string {
  const missing = Math.max(0, width - countCharacters(text));
  const before = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(before) + text + fill.repeat(missing - before);
}

export function replaceText(text: string, old: string, replacement: string, count: number): string {
  if (count < 0) {
    if (old !== '') return text.replaceAll(old, () => replacement);
    return (
      replacement +
      splitCharacters(text)
        .map((character) => character + replacement)
        .join('')
    );
  }
  if (old === '') {
    const characters = splitCharacters(text);
    const touched = Math.min(count, characters.length + 1);
    const head = characters
      .slice(0, touched)
      .map((character) => replacement + character)
      .join('');
    return head + (touched > characters.length ? replacement : characters.slice(touched).join(''));
  }
  return splitText(text, old, count).join(replacement);
}

/** Strips white space, or any of the given characters. */
export function stripText(text: string, characters: unknown, side: 'start' | 'end' | 'both'): string {
  if (characters === undefined || characters === null) {
    return side === 'both' ? strip(text) : side === 'start' ? stripStart(text) : stripEnd(text);
  }
  const unwanted = new Set(splitCharacters(readText(characters, 'the characters to strip')));
  const all = splitCharacters(text);
  let start = 0;
  let end = all.length;
  while (side !== 'end' && start < end && unwanted.has(all[start] ?? '')) start += 1;
  while (side !== 'start' && end > start && unwanted.has(all[end - 1] ?? '')) end -= 1;
  return all.slice(start, end).join('');
}

function pad(text: string, width: unknown, fill: unknown): string {
  return readFill(fill).repeat(Math.max(0, readWhole(width, 'the width') - countCharacters(text)));
}

function readFill(fill: unknown): string {
  if (fill === undefined) return ' ';
  const character = readText(fill, 'the fill character');
  if (countCharacters(character) !== 1) throw new RenderFault('the fill character must be one character');
  return character;
}

function readSeparator(separator: unknown): string | undefined {
  return separator === undefined || separator === null ? undefined : readText(separator, 'the separator');
}

function readTexts(value: unknown): readonly string[] {
  return isList(value) ? value.map((item) => readText(item)) : [readText(value)];
}

/** The part between two positions, and where it begins, in code points. */
function cut(text: string, start: unknown, end: unknown): { readonly text: string; readonly offset: number } {
  if (start === undefined && end === undefined) return { text, offset: 0 };
  const characters = splitCharacters(text);
  const range = resolveRange(characters.length, start, end);
  return { text: characters.slice(range.start, Math.max(range.start, range.end)).join(''), offset: range.start };
}

function find(text: string, part: unknown, start: unknown, end: unknown, which: 'first' | 'last'): number {
  const { text: searched, offset } = cut(text, start, end);
  const wanted = readText(part);
  const unit = which === 'first' ? searched.indexOf(wanted) : searched.lastIndexOf(wanted);
  return unit < 0 ? -1 : offset + countCharacters(searched.slice(0, unit));
}

function demandFound(index: number): number {
  if (index < 0) throw new RenderFault('the text to find is not there');
  return index;
}

function countIn(text: string, part: string): number {
  return part === '' ? countCharacters(text) + 1 : text.split(part).length - 1;
}

function partition(text: string, separator: string, which: 'first' | 'last'): unknown {
  if (separator === '') throw new RenderFault('the separator must not be empty');
  const index = which === 'first' ? text.indexOf(separator) : text.lastIndexOf(separator);
  if (index < 0) return makeTuple(which === 'first' ? [text, '', ''] : ['', '', text]);
  return makeTuple([text.slice(0, index), separator, text.slice(index + separator.length)]);
}

function expandTabs(text: string, size: number): string {
  let column = 0;
  let expanded = '';
  for (const character of text) {
    if (character === '\t') {
      const blanks = size > 0 ? size - (column % size) : 0;
      expanded += ' '.repeat(blanks);
      column += blanks;
    } else {
      expanded += character;
      column = character === '\n' || character === '\r' ? 0 : column + 1;
    }
  }
  return expanded;
}
