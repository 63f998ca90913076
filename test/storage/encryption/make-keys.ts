import { randomBytes } from 'node:crypto';
import { type KeyRing, parseKeyRing } from '../../../storage/encryption/key-ring.ts';

/** A new key as settings give it. */
export function makeKeyText(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/** A ring of such texts. */
export function makeRing(...texts: readonly string[]): KeyRing {
  return parseKeyRing(texts.join(','), 'the test');
}
