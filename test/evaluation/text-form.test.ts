import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../contracts/json.ts';
import { textForm } from '../../evaluation/text-form.ts';

describe('the text form', () => {
  it.each<[JsonValue, string | null]>([
    ['007', '007'],
    [' a ', ' a '],
    ['', ''],
    [7, '7'],
    [7.0, '7'],
    [-0, '0'],
    [0.1, '0.1'],
    [1e21, '1e+21'],
    [true, 'true'],
    [false, 'false'],
    [null, null],
    [[1, 'a', null], '[1,"a",null]'],
    [{ b: 1, a: { d: 2, c: [] } }, '{"a":{"c":[],"d":2},"b":1}'],
  ])('of %j is %j', (value, form) => {
    expect(textForm(value)).toBe(form);
  });
});
