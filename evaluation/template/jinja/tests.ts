import { type Definition, define } from './filters/filter-definition.ts';
import { areEqual, compareValues, contains, isNumeric } from './operators.ts';
import { readAsText, readNumber } from './read-argument.ts';
import { Callable, isList, isMapping, NativeObject, Undefined } from './values.ts';

const isNone = define('', (value) => value === null);
const isEqual = define('other', areEqual);
const isUnequal = define('other', (value, other) => !areEqual(value, other));
const isGreater = define('other', (value, other) => compareValues(value, other) > 0);
const isGreaterOrEqual = define('other', (value, other) => compareValues(value, other) >= 0);
const isLess = define('other', (value, other) => compareValues(value, other) < 0);
const isLessOrEqual = define('other', (value, other) => compareValues(value, other) <= 0);

/** The tests of Jinja behind `is`, without those that ask for other filters and tests. */
export const plainTests: Readonly<Record<string, Definition>> = {
  '==': isEqual,
  '!=': isUnequal,
  '<': isLess,
  '<=': isLessOrEqual,
  '>': isGreater,
  '>=': isGreaterOrEqual,
  boolean: define('', (value) => typeof value === 'boolean'),
  callable: define('', (value) => value instanceof Callable),
  defined: define('', (value) => !(value instanceof Undefined), { acceptsUndefined: true }),
  divisibleby: define('num', (value, divisor) => readNumber(value) % readNumber(divisor) === 0),
  eq: isEqual,
  equalto: isEqual,
  escaped: define('', () => false),
  even: define('', (value) => readNumber(value) % 2 === 0),
  false: define('', (value) => value === false),
  float: define('', (value) => typeof value === 'number' && !Number.isInteger(value)),
  ge: isGreaterOrEqual,
  greaterthan: isGreater,
  gt: isGreater,
  in: define('seq', (value, container) => contains(container, value)),
  integer: define('', (value) => Number.isInteger(value)),
  iterable: define('', (value) => typeof value === 'string' || isList(value) || isMapping(value)),
  le: isLessOrEqual,
  lessthan: isLess,
  lower: define('', (value) => isCase(value, (text) => text.toLowerCase())),
  lt: isLess,
  mapping: define('', isMapping),
  ne: isUnequal,
  none: isNone,
  null: isNone,
  number: define('', isNumeric),
  odd: define('', (value) => Math.abs(readNumber(value) % 2) === 1),
  sameas: define('other', (value, other) => value === other),
  sequence: define(
    '',
    (value) => typeof value === 'string' || isList(value) || (isMapping(value) && !(value instanceof NativeObject)),
  ),
  string: define('', (value) => typeof value === 'string'),
  true: define('', (value) => value === true),
  undefined: define('', (value) => value instanceof Undefined, { acceptsUndefined: true }),
  upper: define('', (value) => isCase(value, (text) => text.toUpperCase())),
};

function isCase(value: unknown, change: (text: string) => string): boolean {
  const text = readAsText(value);
  return change(text) === text && text.toLowerCase() !== text.toUpperCase();
}
