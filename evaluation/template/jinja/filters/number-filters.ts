import { strip } from '../characters.ts';
import { RenderFault } from '../faults.ts';
import { roundHalfEven, toFixedDigits } from '../number-format.ts';
import { isNumeric } from '../operators.ts';
import { readNumber, readOptionalWhole, readWhole } from '../read-argument.ts';
import { isTrue } from '../values.ts';
import { type Definitions, define } from './filter-definition.ts';

export const numberFilters: Definitions = {
  abs: define('', (value) => Math.abs(readNumber(value))),
  filesizeformat: define('binary?', (value, isBinary = false) => formatSize(toNumber(value), isTrue(isBinary))),
  float: define('default?', (value, otherwise = 0) => parseFloatText(value) ?? otherwise),
  int: define(
    'default?, base?',
    (value, otherwise = 0, base) => toWhole(value, readOptionalWhole(base, 'the base') ?? 10) ?? otherwise,
  ),
  round: define('precision?, method?', round, {
    findProblem: ([, method]) =>
      method === undefined || isRounding(method) ? undefined : 'rounds with "common", "ceil" or "floor"',
  }),
};

function isRounding(method: unknown): method is 'common' | 'ceil' | 'floor' {
  return method === 'common' || method === 'ceil' || method === 'floor';
}

function round(value: unknown, precision: unknown = 0, method: unknown = 'common'): number {
  const number = readNumber(value);
  const digits = readWhole(precision, 'the precision');
  if (!isRounding(method)) throw new RenderFault('"round" rounds with "common", "ceil" or "floor"');
  if (method === 'common') return roundHalfEven(number, digits);
  const scale = 10 ** digits;
  return Math[method](number * scale) / scale;
}

/** What Python's `float()` reads: white space around, underscores between digits, `inf` and `nan`. */
function parseFloatText(value: unknown): number | undefined {
  if (isNumeric(value)) return Number(value);
  if (typeof value !== 'string') return undefined;
  const text = strip(value).toLowerCase();
  const [, sign, word] = /^([+-]?)(inf|infinity|nan)$/.exec(text) ?? [];
  if (word !== undefined) return word === 'nan' ? Number.NaN : sign === '-' ? -Infinity : Infinity;
  const digits = text.replace(/(\d)_(?=\d)/g, '$1');
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(digits) ? Number(digits) : undefined;
}

function toWhole(value: unknown, base: number): number | undefined {
  if (typeof value === 'string') {
    const whole = parseWholeText(strip(value), base);
    if (whole !== undefined) return whole;
  }
  const number = parseFloatText(value);
  return number === undefined || !Number.isFinite(number) ? undefined : Math.trunc(number);
}

const prefixes: ReadonlyMap<number, RegExp> = new Map([
  [2, /^0b_?/],
  [8, /^0o_?/],
  [16, /^0x_?/],
]);

function parseWholeText(text: string, base: number): number | undefined {
  if (base !== 0 && (base < 2 || base > 36)) throw new RenderFault('the base must be 0 or from 2 to 36');
  const [, sign = '', written = ''] = /^([+-]?)(.*)$/s.exec(text.toLowerCase()) ?? [];
  const prefixed = [...prefixes].find(
    ([prefixBase, prefix]) => (base === 0 || base === prefixBase) && prefix.test(written),
  );
  const actual = prefixed?.[0] ?? (base === 0 ? 10 : base);
  const digits = (prefixed === undefined ? written : written.replace(prefixed[1], '')).replace(
    /([0-9a-z])_(?=[0-9a-z])/g,
    '$1',
  );
  const isDigits =
    digits !== '' && Array.from(digits).every((digit) => /[0-9a-z]/.test(digit) && Number.parseInt(digit, 36) < actual);
  return isDigits ? Number.parseInt(sign + digits, actual) : undefined;
}

function toNumber(value: unknown): number {
  const number = parseFloatText(value);
  if (number === undefined) throw new RenderFault('the size must be a number');
  return number;
}

function formatSize(bytes: number, isBinary: boolean): string {
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const letters = Array.from(isBinary ? 'KMGTPEZY' : 'kMGTPEZY');
  const power = Math.min(
    letters.length,
    letters.findIndex((_, index) => bytes < base ** (index + 2)) + 1 || letters.length,
  );
  return `${toFixedDigits(bytes / base ** power, 1)} ${letters[power - 1]}${isBinary ? 'iB' : 'B'}`;
}
