import { countCharacters, splitCharacters } from './characters.ts';
import { RenderFault } from './faults.ts';
import { formatDigits } from './number-format.ts';
import { isNumeric } from './operators.ts';
import { toText } from './printing.ts';
import { describeType } from './values.ts';

const pattern = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su;

interface Specification {
  readonly fill: string | undefined;
  readonly alignment: string | undefined;
  readonly sign: string | undefined;
  readonly isAlternate: boolean;
  readonly isZeroPadded: boolean;
  readonly width: number;
  readonly grouping: string | undefined;
  readonly precision: number | undefined;
  readonly type: string | undefined;
}

/** Python's `format(value, specification)`: fill, alignment, sign, width, grouping, precision, type. */
export function formatSpecified(value: unknown, specification: string): string {
  if (specification === '') return toText(value);
  const read = parseSpecification(specification);
  if (typeof value === 'string') return formatText(value, read);
  // A boolean is a whole number in Python as soon as anything is specified.
  if (isNumeric(value)) return formatNumber(Number(value), read);
  throw new RenderFault(`${describeType(value)} takes no specification in a format`);
}

function parseSpecification(text: string): Specification {
  const match = pattern.exec(text);
  if (match === null) throw new RenderFault('a specification of the format cannot be read');
  const [, fill, alignment, sign, alternate, zero, width, grouping, precision, type] = match;
  return {
    fill,
    alignment,
    sign,
    isAlternate: alternate !== undefined,
    isZeroPadded: zero !== undefined,
    width: Number(width ?? 0),
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
}

function formatText(text: string, read: Specification): string {
  if (read.type !== undefined && read.type !== 's')
    throw new RenderFault(`the format type "${read.type}" needs a number, not text`);
  if (read.sign !== undefined || read.alignment === '=' || read.grouping !== undefined)
    throw new RenderFault('text has neither sign nor thousands to format');
  const cut = read.precision === undefined ? text : splitCharacters(text).slice(0, read.precision).join('');
  return align('', cut, read, read.alignment ?? '<');
}

function formatNumber(value: number, read: Specification): string {
  const { prefix, digits } = writeDigits(value, read);
  const isNegative = value < 0 || Object.is(value, -0);
  const sign = isNegative && value !== 0 ? '-' : read.sign === '+' || read.sign === ' ' ? read.sign : '';
  const grouped = read.grouping === undefined ? digits : group(digits, read.grouping, read.type);
  const isPaddedInside = read.alignment === undefined && read.isZeroPadded;
  return align(
    sign + prefix,
    grouped,
    isPaddedInside ? { ...read, fill: '0' } : read,
    isPaddedInside ? '=' : (read.alignment ?? '>'),
  );
}

function writeDigits(value: number, read: Specification): { readonly prefix: string; readonly digits: string } {
  const { type, precision, isAlternate } = read;
  if (type === '%') {
    return { prefix: '', digits: `${formatDigits(value * 100, { type: 'f', precision, isAlternate }).digits}%` };
  }
  if (type === 'c') return { prefix: '', digits: String.fromCodePoint(value) };
  if (type === undefined && precision === undefined) return { prefix: '', digits: toText(Math.abs(value)) };
  if (type === 's' || (type !== undefined && !'dfFeEgGxXobn'.includes(type))) {
    throw new RenderFault(`the format type "${type}" does not fit a number`);
  }
  if (type !== undefined && 'dxXob'.includes(type)) {
    if (!Number.isInteger(value)) throw new RenderFault(`the format type "${type}" needs a whole number`);
    if (precision !== undefined) throw new RenderFault('a whole number takes no precision in a format');
  }
  return formatDigits(value, { type: type === undefined || type === 'n' ? 'g' : type, precision, isAlternate });
}

function group(digits: string, separator: string, type: string | undefined): string {
  const isBinaryBase = type !== undefined && 'xXob'.includes(type);
  const [, whole = '', rest = ''] = (isBinaryBase ? /^([0-9a-f]*)(.*)$/is : /^(\d*)(.*)$/s).exec(digits) ?? [];
  const groups = isBinaryBase ? /\B(?=(?:[0-9a-f]{4})+$)/gi : /\B(?=(?:\d{3})+$)/g;
  return whole.replace(groups, separator) + rest;
}

function align(head: string, body: string, read: Specification, alignment: string): string {
  const missing = read.width - countCharacters(head + body);
  if (missing <= 0) return head + body;
  const fill = read.fill ?? ' ';
  switch (alignment) {
    case '<':
      return head + body + fill.repeat(missing);
    case '>':
      return fill.repeat(missing) + head + body;
    case '=':
      return head + fill.repeat(missing) + body;
    default: {
      const before = Math.floor(missing / 2);
      return fill.repeat(before) + head + body + fill.repeat(missing - before);
    }
  }
}
