import { createSecretKey, type KeyObject } from 'node:crypto';
import { EvaluationError } from '../../contracts/evaluation-error.ts';

/** A data key. Its id is public: it stands in every envelope. The bytes are in a `KeyObject`, which no log prints. */
export interface EncryptionKey {
  readonly id: string;
  readonly secret: KeyObject;
}

/** The keys that a process was given, in their order; ids are unique and there is at least one. */
export interface KeyRing {
  readonly keys: readonly [EncryptionKey, ...EncryptionKey[]];
}

export const keyBytes = 32;
/** Room for a key id in an envelope. */
export const maxKeyIdBytes = 16;

const idPattern = /^[a-z0-9][a-z0-9-]{0,15}$/;
const base64Pattern = /^[A-Za-z0-9+/]{43}=$/;

/**
 * Reads keys written `id:base64`, divided by commas or white space; the rest of a line behind `#` does not count.
 *
 * @param source - What the text came from, for messages, which never quote it: a mistake in a key is as secret as a key.
 * @throws {EvaluationError} `encryption-keys-invalid`.
 */
export function parseKeyRing(text: string, source: string): KeyRing {
  const entries = text
    .split('\n')
    .map((line) => line.replace(/#.*$/, ''))
    .join('\n')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  const [first, ...rest] = entries.map((entry, index) => parseEntry(entry, `Key ${index + 1} of ${source}`));
  if (first === undefined) throw invalid(`${source} holds no key.`);
  const keys: [EncryptionKey, ...EncryptionKey[]] = [first, ...rest];
  for (const [index, { id }] of keys.entries()) {
    if (keys.findIndex((key) => key.id === id) !== index) throw invalid(`${source} holds two keys called "${id}".`);
  }
  return { keys };
}

function parseEntry(entry: string, place: string): EncryptionKey {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, colon);
  // What stands before the colon is quoted nowhere until it is certain that it is an id.
  if (colon < 0 || !idPattern.test(id)) {
    throw invalid(`${place} has no id: 1 to ${maxKeyIdBytes} lower-case letters, digits and hyphens before a colon.`);
  }
  const encoded = entry.slice(colon + 1);
  const bytes = base64Pattern.test(encoded) ? Buffer.from(encoded, 'base64') : Buffer.alloc(0);
  if (bytes.length !== keyBytes) {
    throw invalid(`${place}, "${id}", is not ${keyBytes} bytes in base64 (43 characters and a "=").`);
  }
  const secret = createSecretKey(bytes);
  bytes.fill(0);
  return { id, secret };
}

function invalid(message: string): EvaluationError {
  return new EvaluationError('encryption-keys-invalid', message, {
    hint: `Make a key with: node -p "'my-key:' + crypto.randomBytes(${keyBytes}).toString('base64')"`,
  });
}

export function findKey(ring: KeyRing | undefined, id: string): EncryptionKey | undefined {
  return ring?.keys.find((key) => key.id === id);
}

/** Ids in the order of the ring, for messages. */
export function describeKeys(ring: KeyRing | undefined): string {
  if (ring === undefined) return 'no key is configured';
  const ids = ring.keys.map(({ id }) => `"${id}"`).join(', ');
  return ring.keys.length === 1 ? `the key configured is ${ids}` : `the keys configured are ${ids}`;
}
