import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { envelopeBytes, type MessageKey, open, readKeyId, seal } from '../../../storage/encryption/envelope.ts';

const key: MessageKey = { keyId: 'key-2026', secret: randomBytes(32) };
const bytes = fc.uint8Array({ maxLength: 2_000 });

it('opens what it sealed, in its place, with its key', () => {
  fc.assert(
    fc.property(bytes, fc.string(), (plain, place) => {
      const envelope = seal(key, place, plain);
      expect(envelope.byteLength).toBe(plain.byteLength + envelopeBytes);
      expect(readKeyId(envelope)).toBe('key-2026');
      expect(open(key, place, envelope)).toEqual(Buffer.from(plain));
    }),
  );
});

it('opens nothing of which a bit was changed', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), fc.integer({ min: 0, max: 7 }), (plain, at, bit) => {
      const envelope = seal(key, 'here', plain);
      const index = at % envelope.byteLength;
      envelope[index] = (envelope[index] ?? 0) ^ (1 << bit);
      expect(open(key, 'here', envelope)).toBeUndefined();
    }),
  );
});

it('opens nothing that was cut or lengthened', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), (plain, at) => {
      const envelope = seal(key, 'here', plain);
      expect(open(key, 'here', envelope.subarray(0, at % envelope.byteLength))).toBeUndefined();
      expect(open(key, 'here', Buffer.concat([envelope, Buffer.alloc(1)]))).toBeUndefined();
    }),
  );
});

it('opens nothing elsewhere, and nothing with another key', () => {
  fc.assert(
    fc.property(bytes, fc.string(), fc.string(), (plain, here, there) => {
      fc.pre(here !== there);
      const envelope = seal(key, here, plain);
      expect(open(key, there, envelope)).toBeUndefined();
      expect(open({ ...key, secret: randomBytes(32) }, here, envelope)).toBeUndefined();
      expect(open({ ...key, keyId: 'key-2027' }, here, envelope)).toBeUndefined();
    }),
  );
});

it('takes a nonce once', () => {
  const envelopes = Array.from({ length: 5_000 }, () => seal(key, 'here', Buffer.from('equal')));
  expect(new Set(envelopes.map((envelope) => envelope.toString('base64'))).size).toBe(5_000);
  expect(new Set(envelopes.map((envelope) => envelope.subarray(20, 32).toString('hex'))).size).toBe(5_000);
});

it('takes no plain blob for an envelope', () => {
  fc.assert(fc.property(bytes, (plain) => readKeyId(Buffer.concat([Buffer.from([0x1f, 0x8b]), plain])) === undefined));
});
