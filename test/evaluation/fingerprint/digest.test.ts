import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDigest } from '../../../contracts/digest.ts';
import { createDigester, digestBytes, digestJson } from '../../../evaluation/fingerprint/digest.ts';

describe('digestBytes', () => {
  it('is SHA-256 in lower-case hexadecimal behind its name', () => {
    expect(digestBytes('abc')).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(digestBytes(new Uint8Array())).toBe(
      'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(isDigest(digestBytes('abc'))).toBe(true);
  });

  it('takes text as its UTF-8 bytes', () => {
    expect(digestBytes('Zoë 😀')).toBe(digestBytes(new TextEncoder().encode('Zoë 😀')));
  });
});

describe('digestJson', () => {
  it('hashes the domain line first', () => {
    expect(digestJson('stet-example-1', { b: 2, a: 1 })).toBe(digestBytes('stet-example-1\n{"a":1,"b":2}'));
  });

  it('keeps equal values of different domains apart', () => {
    expect(digestJson('stet-one-1', { a: 1 })).not.toBe(digestJson('stet-two-1', { a: 1 }));
  });

  it.each(['', 'two\nlines'])('refuses the domain %j, which could imitate another', (domain) => {
    expect(() => digestJson(domain, {})).toThrow(TypeError);
  });
});

describe('createDigester', () => {
  it('gives the digest of the whole wherever the pieces were cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (pieces) => {
        const digester = createDigester();
        for (const piece of pieces) digester.update(piece);
        expect(digester.digest()).toBe(digestBytes(pieces.join('')));
      }),
    );
  });

  it('refuses to go on once it has ended', () => {
    const digester = createDigester();
    digester.digest();
    expect(() => digester.update('more')).toThrow();
  });
});
