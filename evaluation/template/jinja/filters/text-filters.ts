import { countCharacters, splitCharacters } from '../characters.ts';
import { RenderFault } from '../faults.ts';
import { capitalize } from '../letter-case.ts';
import { formatPercent } from '../percent-format.ts';
import { toRepresentation } from '../printing.ts';
import { readAsText, readItems, readOptionalWhole, readText, readWhole } from '../read-argument.ts';
import { splitLines } from '../split-text.ts';
import { centerText, replaceText, stripText } from '../text-methods.ts';
import { isList, isMapping, isTrue, type Keywords, listEntries, makeTuple, Tuple } from '../values.ts';
import { type Definitions, define } from './filter-definition.ts';
import { findPatternProblem, replacePattern } from './replace-pattern.ts';
import { wrapText } from './wrap-text.ts';

export const textFilters: Definitions = {
  capitalize: define('', (value) => capitalize(readAsText(value))),
  center: define('width?', (value, width = 80) => centerText(readAsText(value), readWhole(width, 'the width'), ' ')),
  format: define('*, **', (value, positional, keywords) =>
    formatPercent(readAsText(value), pickValues(positional as unknown[], keywords as Keywords)),
  ),
  indent: define('width?, first?, blank?', indent),
  lower: define('', (value) => readAsText(value).toLowerCase()),
  pprint: define('', (value) => toRepresentation(sortKeys(value))),
  regex_replace: define(
    'pattern, replacement, multiline?, ignorecase?, count?',
    (value, pattern, replacement, isMultiline = false, ignoresCase = false, count = 0) =>
      replacePattern(readText(value), readText(pattern, 'the pattern'), readText(replacement, 'the replacement'), {
        isMultiline: isTrue(isMultiline),
        ignoresCase: isTrue(ignoresCase),
        count: readWhole(count, 'the count'),
      }),
    { findProblem: ([pattern, replacement]) => findPatternProblem(pattern, replacement) },
  ),
  replace: define('old, new, count?', (value, old, replacement, count) =>
    replaceText(
      readAsText(value),
      readAsText(old),
      readAsText(replacement),
      readOptionalWhole(count, 'the count') ?? -1,
    ),
  ),
  safe: define('', readAsText),
  string: define('', readAsText),
  title: define('', (value) => readAsText(value).replace(/[^-\s({[<]+/g, capitalize)),
  trim: define('chars?', (value, characters) => stripText(readAsText(value), characters, 'both')),
  truncate: define('length?, killwords?, end?, leeway?', truncate),
  upper: define('', (value) => readAsText(value).toUpperCase()),
  wordcount: define('', (value) => readAsText(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  wordwrap: define(
    'width?, break_long_words?, wrapstring?, break_on_hyphens?',
    (value, width = 79, breaksWords = true, end = null, breaksHyphens = true) =>
      wrapText(readText(value), {
        width: readWhole(width, 'the width'),
        breaksWords: isTrue(breaksWords),
        breaksHyphens: isTrue(breaksHyphens),
        lineEnd: end === null ? '\n' : readText(end, 'the line end'),
      }),
  ),
};

function pickValues(positional: readonly unknown[], keywords: Keywords): unknown {
  if (keywords.size === 0) return makeTuple(positional);
  if (positional.length > 0) throw new RenderFault('"format" takes values with names or without, not both');
  return new Map(keywords);
}

function indent(
  value: unknown,
  width: unknown = 4,
  indentsFirst: unknown = false,
  indentsBlank: unknown = false,
): string {
  const indentation = typeof width === 'string' ? width : ' '.repeat(Math.max(0, readWhole(width, 'the width')));
  const lines = splitLines(`${readText(value)}\n`, false);
  const indented = lines.map((line, index) =>
    index > 0 && (line !== '' || isTrue(indentsBlank)) ? indentation + line : line,
  );
  return (isTrue(indentsFirst) ? indentation : '') + indented.join('\n');
}

function truncate(
  value: unknown,
  length: unknown = 255,
  cutsWords: unknown = false,
  end: unknown = '...',
  leeway: unknown = null,
): string {
  const text = readText(value);
  const mark = readText(end, 'the end');
  const limit = readWhole(length, 'the length');
  const room = limit - countCharacters(mark);
  const tolerance = readOptionalWhole(leeway, 'the leeway') ?? 5;
  if (room < 0) throw new RenderFault('the length must not be less than that of the end');
  if (tolerance < 0) throw new RenderFault('the leeway must not be negative');
  const characters = splitCharacters(text);
  if (characters.length <= limit + tolerance) return text;
  const head = characters.slice(0, room).join('');
  if (isTrue(cutsWords)) return head + mark;
  const lastBlank = head.lastIndexOf(' ');
  return (lastBlank < 0 ? head : head.slice(0, lastBlank)) + mark;
}

/** `pprint` orders the keys of mappings. */
function sortKeys(value: unknown): unknown {
  if (value instanceof Tuple) return makeTuple(value.map(sortKeys));
  if (isList(value)) return readItems(value).map(sortKeys);
  if (!isMapping(value)) return value;
  const entries = listEntries(value).map(([key, item]): [unknown, unknown] => [key, sortKeys(item)]);
  return new Map(entries.sort(([left], [right]) => (toRepresentation(left) < toRepresentation(right) ? -1 : 1)));
}
