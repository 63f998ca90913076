import { countCharacters, splitCharacters } from './characters.ts';
import { RenderFault } from './faults.ts';
import { formatDigits } from './number-format.ts';
import { toRepresentation, toText } from './printing.ts';
import { demand, describeType, getFromMapping, isList, isMapping, Tuple } from './values.ts';

const field = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?(.)?/gsu;

/** Python's `text % values`: a tuple fills the places in order, a mapping by name, anything else fills the only place. */
export function formatPercent(text: string, values: unknown): string {
  const queue = values instanceof Tuple ? [...values] : [values];
  let used = 0;
  let usesNames = false;
  const take = (): unknown => {
    if (used >= queue.length) throw new RenderFault('the format has more places than there are values');
    used += 1;
    return demand(queue[used - 1]);
  };
  const formatted = text.replace(
    field,
    (_, key?: string, flags = '', width?: string, precision?: string, type?: string) => {
      if (type === undefined) throw new RenderFault('the format ends in the middle of a place');
      if (type === '%') return '%';
      const columns = width === '*' ? Number(take()) : Number(width ?? 0);
      const digits = precision === '*' ? Number(take()) : precision === undefined ? undefined : Number(precision);
      usesNames ||= key !== undefined;
      return formatOne(key === undefined ? take() : takeNamed(values, key), { flags, columns, digits, type });
    },
  );
  const mayBeUnused = usesNames || isMapping(values) || (isList(values) && !(values instanceof Tuple));
  if (used < queue.length && !mayBeUnused) throw new RenderFault('the format has fewer places than there are values');
  return formatted;
}

function takeNamed(values: unknown, key: string): unknown {
  if (!isMapping(values)) throw new RenderFault('a format with names needs a mapping');
  const value = getFromMapping(values, key);
  if (value === undefined) throw new RenderFault('the format has a name that is not among the values');
  return demand(value);
}

interface Place {
  readonly flags: string;
  readonly columns: number;
  readonly digits: number | undefined;
  readonly type: string;
}

function formatOne(value: unknown, place: Place): string {
  const { flags, digits, type } = place;
  if ('sra'.includes(type)) {
    const text = type === 's' ? toText(value) : toRepresentation(value);
    return pad('', digits === undefined ? text : splitCharacters(text).slice(0, digits).join(''), place, false);
  }
  if (type === 'c')
    return pad('', typeof value === 'number' ? String.fromCodePoint(value) : toText(value), place, false);
  if (!'diufFeEgGxXo'.includes(type)) throw new RenderFault(`"%${type}" is no place of a format`);
  const number = typeof value === 'boolean' ? Number(value) : value;
  if (typeof number !== 'number') throw new RenderFault(`"%${type}" needs a number, not ${describeType(value)}`);
  if ('xXo'.includes(type) && !Number.isInteger(number)) throw new RenderFault(`"%${type}" needs a whole number`);
  const isWhole = 'diu'.includes(type);
  const written = formatDigits(isWhole ? Math.trunc(number) : number, {
    type: isWhole ? 'd' : type,
    precision: digits,
    isAlternate: flags.includes('#'),
  });
  const body = 'diuxXo'.includes(type) && digits !== undefined ? written.digits.padStart(digits, '0') : written.digits;
  const isNegative = number < 0 && (!isWhole || Math.trunc(number) !== 0);
  const sign = isNegative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return pad(sign + written.prefix, body, place, true);
}

function pad(sign: string, body: string, { flags, columns }: Place, isNumber: boolean): string {
  const missing = columns - countCharacters(sign + body);
  if (missing <= 0) return sign + body;
  if (flags.includes('-')) return sign + body + ' '.repeat(missing);
  return isNumber && flags.includes('0') ? sign + '0'.repeat(missing) + body : ' '.repeat(missing) + sign + body;
}
