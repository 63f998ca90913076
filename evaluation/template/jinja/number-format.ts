import { RenderFault } from './faults.ts';

/** How many digits `toFixed` can give, which is enough to see every bit of a number that is not tiny. */
const mostDigits = 100;

/** Digits of the absolute value after rounding half to even on the exact binary value, as Python rounds. */
export function toFixedDigits(value: number, precision: number): string {
  const absolute = Math.abs(value);
  if (absolute >= 1e21) return BigInt(absolute).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : '');
  if (precision > mostDigits) throw new RenderFault(`more than ${mostDigits} digits after the point`);
  const rounded = absolute.toFixed(precision);
  // `toFixed` is exact except that it rounds ties up; only a tie that should have gone down needs mending.
  if (!isTie(absolute, precision) || !/[13579]$/.test(rounded)) return rounded;
  return absolute.toFixed(precision + 1).slice(0, precision === 0 ? -2 : -1);
}

function isTie(absolute: number, precision: number): boolean {
  if (Number.isInteger(absolute) || precision >= mostDigits - 1) return false;
  const exact = absolute.toFixed(mostDigits);
  const rest = exact.slice(exact.indexOf('.') + 1 + precision);
  return /^50*$/.test(rest);
}

/** Python's `round(value, precision)`; a negative precision rounds to tens, hundreds and so on. */
export function roundHalfEven(value: number, precision: number): number {
  if (!Number.isFinite(value)) return value;
  if (precision >= 0)
    return precision > mostDigits ? value : Math.sign(value) * Number(toFixedDigits(value, precision));
  const unit = 10 ** -precision;
  const quotient = Math.floor(Math.abs(value) / unit);
  const rest = Math.abs(value) - quotient * unit;
  const isUp = rest * 2 > unit || (rest * 2 === unit && quotient % 2 === 1);
  return Math.sign(value) * (quotient + (isUp ? 1 : 0)) * unit;
}

/** Scientific notation with at least two digits in the exponent. */
export function toScientific(value: number, precision: number): string {
  return Math.abs(value)
    .toExponential(Math.min(precision, mostDigits))
    .replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Python's `g`: fixed or scientific, whichever suits the size; trailing zeros go unless `keepZeros`. */
export function toGeneral(value: number, precision: number, keepZeros: boolean): string {
  const significant = Math.max(1, precision);
  const scientific = toScientific(value, significant - 1);
  const exponent = Number(scientific.slice(scientific.indexOf('e') + 1));
  if (exponent >= -4 && exponent < significant) {
    const fixed = toFixedDigits(value, significant - 1 - exponent);
    return keepZeros ? fixed : dropZeros(fixed);
  }
  const [mantissa = '', power = ''] = scientific.split('e');
  return `${keepZeros ? mantissa : dropZeros(mantissa)}e${power}`;
}

function dropZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

export interface NumberLayout {
  /** One of d, f, F, e, E, g, G, x, X, o, b. */
  readonly type: string;
  readonly precision: number | undefined;
  /** The `#` flag. */
  readonly isAlternate: boolean;
}

/** The digits of the absolute value, without sign, padding or grouping. */
export function formatDigits(
  value: number,
  layout: NumberLayout,
): { readonly prefix: string; readonly digits: string } {
  const { type, isAlternate } = layout;
  const precision = layout.precision ?? 6;
  if (!Number.isFinite(value)) {
    if ('dxXob'.includes(type)) throw new RenderFault('a number that is not finite has no digits');
    const word = Number.isNaN(value) ? 'nan' : 'inf';
    return { prefix: '', digits: type === type.toUpperCase() ? word.toUpperCase() : word };
  }
  switch (type.toLowerCase()) {
    case 'f':
      return { prefix: '', digits: toFixedDigits(value, precision) + (isAlternate && precision === 0 ? '.' : '') };
    case 'e': {
      const text = toScientific(value, precision);
      return { prefix: '', digits: type === 'E' ? text.toUpperCase() : text };
    }
    case 'g': {
      const text = toGeneral(value, precision, isAlternate);
      return { prefix: '', digits: type === 'G' ? text.toUpperCase() : text };
    }
    default:
      return formatWhole(Math.abs(value), type, isAlternate);
  }
}

const bases: Readonly<Record<string, number>> = { x: 16, o: 8, b: 2 };

function formatWhole(absolute: number, type: string, isAlternate: boolean): { prefix: string; digits: string } {
  const base = bases[type.toLowerCase()];
  const digits = BigInt(Math.trunc(absolute)).toString(base ?? 10);
  const prefix = isAlternate && base !== undefined ? `0${type}` : '';
  return { prefix, digits: type === 'X' ? digits.toUpperCase() : digits };
}
