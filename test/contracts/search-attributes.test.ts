import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeSearchAttributes, searchAttributes, updateSearchAttributes } from '../../contracts/search-attributes.ts';

describe('search attributes', () => {
  it('are no more Keywords than a server on PostgreSQL has', () => {
    expect(Object.values(searchAttributes).filter((type) => type === 'KEYWORD').length).toBeLessThanOrEqual(10);
  });

  it("are what Temporal's library takes", () => {
    const made = new TypedSearchAttributes(
      makeSearchAttributes({ StetTask: 'answers', StetSamples: 3, StetModel: null }),
    );
    expect(made.get(defineSearchAttributeKey('StetTask', 'KEYWORD'))).toBe('answers');
    expect(made.get(defineSearchAttributeKey('StetSamples', 'INT'))).toBe(3);
    expect(made.getAll()).toHaveLength(2);
  });

  it('take away what is null, and leave alone what is not named', () => {
    expect(updateSearchAttributes({ StetStatus: null, StetErrors: null, StetReuse: undefined })).toEqual([
      { key: { name: 'StetStatus', type: 'KEYWORD' }, value: null },
      { key: { name: 'StetErrors', type: 'INT' }, value: null },
    ]);
  });

  it('are cut below 255 bytes, between characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
        const [{ value } = { value: '' }] = makeSearchAttributes({ StetTask: text });
        expect(text.startsWith(String(value))).toBe(true);
        const bytes = Buffer.byteLength(String(value));
        expect(bytes).toBeLessThan(255);
        expect(() => encodeURIComponent(String(value))).not.toThrow(); // no half of a character
        // No more than one character short of the limit.
        if (value !== text) expect(bytes).toBeGreaterThan(250);
      }),
    );
  });
});
