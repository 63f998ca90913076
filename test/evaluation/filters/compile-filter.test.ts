import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../contracts/json.ts';
import { compileFilter, compileFilters } from '../../../evaluation/filters/compile-filter.ts';
import { filterSchema } from '../../../evaluation/spec/filters.ts';

function holds(
  op: string,
  found: JsonValue | undefined,
  argument?: { value: JsonValue } | { values: JsonValue[] },
): boolean {
  const filter = filterSchema.parse({ op, expression: '{{ sample.x }}', ...argument });
  return compileFilter(filter, 'filters[0]')({ sample: found === undefined ? {} : { x: found } }, 's7');
}

describe('equals and not_equals', () => {
  test.each<[JsonValue, JsonValue, boolean]>([
    ['a', 'a', true],
    ['a', 'A', false],
    ['a', ' a', false],
    [3, '3', true],
    [3, 3.0, true],
    ['3.0', 3, false],
    ['007', 7, false],
    [1e21, '1e+21', true],
    [0.1, '0.1', true],
    [true, 'TRUE', true],
    ['True', true, true],
    ['True', 'true', false],
    [true, 1, false],
    [null, null, true],
    [null, '', false],
    [null, 'null', false],
    ['', '', true],
    [[1, 'a'], [1, 'a'], true],
    [{ b: 1, a: 2 }, { a: 2, b: 1 }, true],
    [{ b: 1, a: [2] }, '{"a":[2],"b":1}', true],
    [[1, 2], [2, 1], false],
  ])('%j equals %j: %s', (found, value, expected) => {
    expect(holds('equals', found, { value })).toBe(expected);
    expect(holds('not_equals', found, { value })).toBe(!expected);
    expect(holds('in', found, { values: ['other', value] })).toBe(expected);
    expect(holds('not_in', found, { values: ['other', value] })).toBe(!expected);
  });

  test('nothing is in an empty list', () => {
    expect(holds('in', 'a', { values: [] })).toBe(false);
    expect(holds('not_in', 'a', { values: [] })).toBe(true);
  });
});

describe('comparisons', () => {
  test.each<[JsonValue, JsonValue]>([
    [2, 1],
    ['2', 1],
    [2, '1'],
    ['1e1', '9.5'],
    [true, false],
    [true, 0],
    [-1, '-1.5'],
  ])('%j is greater than %j, as numbers', (greater, less) => {
    expect(holds('greater_than', greater, { value: less })).toBe(true);
    expect(holds('greater_than', less, { value: greater })).toBe(false);
    expect(holds('less_than', less, { value: greater })).toBe(true);
    expect(holds('greater_or_equal', less, { value: greater })).toBe(false);
    expect(holds('less_or_equal', greater, { value: less })).toBe(false);
  });

  test('the bound itself is in only for the operators that say so', () => {
    expect(
      ['greater_than', 'less_than', 'greater_or_equal', 'less_or_equal'].map((op) => holds(op, '1.0', { value: 1 })),
    ).toEqual([false, false, true, true]);
  });

  test.each<[JsonValue]>([
    [null],
    ['abc'],
    [''],
    [' 1'],
    ['01'],
    ['+1'],
    ['.5'],
    ['1.'],
    ['0x1'],
    ['1e999'],
    [[1]],
    [{}],
  ])('fail for %j', (found) => {
    expect(() => holds('less_than', found, { value: 1 })).toThrow(
      expect.objectContaining({
        code: 'filter-failed',
        message: expect.stringMatching(/^filters\[0\], sample s7: less_than/),
      }),
    );
  });

  test('a bound that is no number is found before anything runs', () => {
    const filter = filterSchema.parse({ op: 'less_than', expression: '{{ sample.x }}', value: 'ten' });
    expect(() => compileFilter(filter, 'filters[0]')).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  });

  test('agree with those of numbers, however these are written', () => {
    const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
    fc.assert(
      fc.property(number, number, fc.boolean(), (left, right, asText) => {
        const found = asText ? JSON.stringify(left) : left;
        expect(holds('less_than', found, { value: right })).toBe(left < right);
        expect(holds('greater_or_equal', found, { value: right })).toBe(left >= right);
      }),
      { numRuns: 50 },
    );
  });
});

describe('is_true and is_false', () => {
  test.each<[JsonValue, boolean]>([
    [true, true],
    ['TRUE', true],
    ['true', true],
    [false, false],
    ['False', false],
  ])('%j is true: %s', (found, expected) => {
    expect(holds('is_true', found)).toBe(expected);
    expect(holds('is_false', found)).toBe(!expected);
  });

  test.each<[JsonValue]>([[1], [0], ['yes'], [''], [null], [' true'], [[]]])('fail for %j', (found) => {
    for (const op of ['is_true', 'is_false']) {
      expect(() => holds(op, found)).toThrow(expect.objectContaining({ code: 'filter-failed' }));
    }
  });
});

describe('exists and not_exists', () => {
  test.each<[JsonValue]>([[null], [''], [0], [false], ['a'], [[]]])('%j exists', (found) => {
    expect(holds('exists', found)).toBe(true);
    expect(holds('not_exists', found)).toBe(false);
  });

  test('what the row does not have does not exist', () => {
    expect(holds('exists', undefined)).toBe(false);
    expect(holds('not_exists', undefined)).toBe(true);
  });
});

test.each(['equals', 'not_equals', 'greater_than'])('an undefined expression is an error under %s', (op) => {
  expect(() => holds(op, undefined, { value: 1 })).toThrow(expect.objectContaining({ code: 'template-undefined' }));
});

test('several filters hold when all do, and a later one is not asked once one does not', () => {
  const filters = [
    filterSchema.parse({ op: 'exists', expression: '{{ sample.x }}' }),
    filterSchema.parse({ op: 'greater_than', expression: '{{ sample.x }}', value: 1 }),
  ];
  const keeps = compileFilters(filters, 'datasets.d.filters');
  expect(keeps({ sample: { x: 2 } }, 's')).toBe(true);
  expect(keeps({ sample: { x: 1 } }, 's')).toBe(false);
  expect(keeps({ sample: {} }, 's')).toBe(false);
  expect(() => keeps({ sample: { x: 'a' } }, 's')).toThrow('datasets.d.filters[1]');
  expect(compileFilters([], 'none')({ sample: {} }, 's')).toBe(true);
});

test('columns are names of their own where the caller gives them', () => {
  const filter = filterSchema.parse({ op: 'equals', expression: '{{ lang }}', value: 'de' });
  expect(compileFilter(filter, 'f')({ sample: { lang: 'de' }, lang: 'de' }, 's')).toBe(true);
});
