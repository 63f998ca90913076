import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCanonicalJson } from '../../../evaluation/fingerprint/canonical-json.ts';

/** Any JSON value, with the numbers and texts that canonical forms get wrong first. */
const jsonValue = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
const oddNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 1e21, 1e-7, 5e-324, 0.1 + 0.2),
);

describe('toCanonicalJson', () => {
  it('agrees with the reference package on any JSON value', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(toCanonicalJson(value)).toBe(canonicalize(value));
      }),
    );
  });

  it('agrees with the reference package on any number', () => {
    fc.assert(
      fc.property(oddNumber, (value) => {
        expect(toCanonicalJson([value])).toBe(canonicalize([value]));
      }),
    );
  });

  it('gives a text that parses to the same value and is its own canonical form', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const text = toCanonicalJson(value);
        expect(toCanonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('ignores the order in which fields were written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), jsonValue), (fields) => {
        const backwards = Object.fromEntries(Object.entries(fields).reverse());
        expect(toCanonicalJson(backwards)).toBe(toCanonicalJson(Object.fromEntries(Object.entries(fields))));
      }),
    );
  });

  it('never holds a line feed', () => {
    fc.assert(fc.property(jsonValue, (value) => !toCanonicalJson(value).includes('\n')));
  });
});

describe('toCanonicalJson at the edges', () => {
  it('sorts keys by UTF-16 code units, as the RFC shows', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.keys(JSON.parse(toCanonicalJson(value)) as object)).toHaveLength(7);
    expect(toCanonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });

  it('leaves undefined fields out', () => {
    expect(toCanonicalJson({ b: undefined, a: 1, c: { d: undefined } })).toBe('{"a":1,"c":{}}');
  });

  it('keeps a field called __proto__', () => {
    expect(toCanonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2}}'))).toBe('{"__proto__":{"a":2},"b":1}');
  });

  it.each([
    ['NaN', Number.NaN],
    ['an infinite number', Number.POSITIVE_INFINITY],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['a symbol', Symbol('s')],
    ['a map', new Map([['a', 1]])],
    ['a date', new Date(0)],
  ])('refuses %s, also deep inside', (_name, value) => {
    expect(() => toCanonicalJson(value)).toThrow(TypeError);
    if (value !== undefined) expect(() => toCanonicalJson({ a: [{ b: value }] })).toThrow(TypeError);
  });
});
