import { compareText } from './characters.ts';
import { RenderFault } from './faults.ts';
import { formatPercent } from './percent-format.ts';
import {
  demand,
  demandPresent,
  describeType,
  getFromMapping,
  isList,
  isMapping,
  listEntries,
  makeTuple,
  NativeObject,
  Tuple,
} from './values.ts';

export const binaryOperators = ['+', '-', '*', '/', '//', '%', '**'] as const;
export type BinaryOperator = (typeof binaryOperators)[number];
export const comparisonOperators = ['==', '!=', '<', '<=', '>', '>=', 'in', 'not in'] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

/** Above this many characters or items `*` is refused: it would take the memory of the whole process. */
const mostRepeated = 10_000_000;

/** Python's equality: `1 == True`, lists and mappings by content, a list never equals a tuple. */
export function areEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  demand(left);
  demand(right);
  if (typeof left !== 'object' || typeof right !== 'object') {
    return isNumeric(left) && isNumeric(right) && Number(left) === Number(right);
  }
  if (left === null || right === null) return false;
  if (isList(left)) {
    if (!isList(right) || left.length !== right.length) return false;
    if (left instanceof Tuple !== right instanceof Tuple) return false;
    return left.every((item, index) => areEqual(item, right[index]));
  }
  if (left instanceof NativeObject || right instanceof NativeObject) return false;
  if (!isMapping(left) || !isMapping(right)) return false;
  const entries = listEntries(left);
  if (entries.length !== listEntries(right).length) return false;
  return entries.every(([key, item]) => {
    const other = getFromMapping(right, key);
    return other !== undefined && areEqual(item, other);
  });
}

/** Less than, equal, greater as a negative number, 0, a positive one; types that Python does not order are a fault. */
export function compareValues(left: unknown, right: unknown): number {
  demandPresent(left);
  demandPresent(right);
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  if (isNumeric(left) && isNumeric(right)) return Number(left) - Number(right);
  if (isList(left) && isList(right) && left instanceof Tuple === right instanceof Tuple) {
    for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
      if (!areEqual(left[index], right[index])) return compareValues(left[index], right[index]);
    }
    return left.length - right.length;
  }
  throw new RenderFault(`${describeType(left)} and ${describeType(right)} have no order`);
}

export function contains(container: unknown, item: unknown): boolean {
  demandPresent(container);
  demandPresent(item);
  if (typeof container === 'string') {
    if (typeof item !== 'string') throw new RenderFault(`"in" looks for text in text, not for ${describeType(item)}`);
    return container.includes(item);
  }
  if (isList(container)) return container.some((other) => areEqual(other, item));
  if (isMapping(container)) return getFromMapping(container, item) !== undefined;
  throw new RenderFault(`"in" cannot look into ${describeType(container)}`);
}

export function compare(operator: ComparisonOperator, left: unknown, right: unknown): boolean {
  switch (operator) {
    case '==':
      return areEqual(left, right);
    case '!=':
      return !areEqual(left, right);
    case '<':
      return compareValues(left, right) < 0;
    case '<=':
      return compareValues(left, right) <= 0;
    case '>':
      return compareValues(left, right) > 0;
    case '>=':
      return compareValues(left, right) >= 0;
    case 'in':
      return contains(right, left);
    case 'not in':
      return !contains(right, left);
  }
}

export function calculate(operator: BinaryOperator, left: unknown, right: unknown): unknown {
  demandPresent(left);
  if (operator === '%' && typeof left === 'string') return formatPercent(left, right);
  demandPresent(right);
  if (isNumeric(left) && isNumeric(right)) return calculateNumber(operator, Number(left), Number(right));
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') return left + right;
    if (isList(left) && isList(right) && left instanceof Tuple === right instanceof Tuple) {
      return left instanceof Tuple ? makeTuple([...left, ...right]) : [...left, ...right];
    }
  }
  if (operator === '*') {
    if (isRepeatable(left) && isNumeric(right)) return repeat(left, Number(right));
    if (isRepeatable(right) && isNumeric(left)) return repeat(right, Number(left));
  }
  throw new RenderFault(`"${operator}" does not work between ${describeType(left)} and ${describeType(right)}`);
}

function calculateNumber(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / demandDivisor(right);
    case '//':
      return Math.floor(left / demandDivisor(right));
    case '%': {
      // Python's remainder has the sign of the divisor, JavaScript's that of the dividend.
      const remainder = left % demandDivisor(right);
      return remainder !== 0 && remainder < 0 !== right < 0 ? remainder + right : remainder;
    }
    case '**': {
      if (left === 0 && right < 0) throw new RenderFault('0 cannot be raised to a negative power');
      const power = left ** right;
      if (!Number.isFinite(power) && Number.isFinite(left) && Number.isFinite(right)) {
        throw new RenderFault(Number.isNaN(power) ? 'this power is no real number' : 'the number is too large');
      }
      return power;
    }
  }
}

function demandDivisor(divisor: number): number {
  if (divisor === 0) throw new RenderFault('division by zero');
  return divisor;
}

function isRepeatable(value: unknown): value is string | readonly unknown[] {
  return typeof value === 'string' || isList(value);
}

function repeat(value: string | readonly unknown[], times: number): unknown {
  if (!Number.isInteger(times)) throw new RenderFault('text and lists can be repeated a whole number of times only');
  const count = Math.max(0, times);
  if (value.length * count > mostRepeated) throw new RenderFault('the repeated text or list is too long');
  if (typeof value === 'string') return value.repeat(count);
  const items = Array.from({ length: count }, () => value).flat(1);
  return value instanceof Tuple ? makeTuple(items) : items;
}

export function isNumeric(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}
