import { randomBytes } from 'node:crypto';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { createDerivedKeys } from './derived-keys.ts';
import { open, seal } from './envelope.ts';
import { describeKeys, type EncryptionKey, findKey, type KeyRing, keyBytes } from './key-ring.ts';

/** Name of the store property that holds the record; a store without it is plain. */
export const encryptionProperty = 'encryption';

/**
 * What a store says of its encryption, in plain JSON. The keys that it names are those that something in the store may be
 * sealed with: all of them are needed to open it, which is one but while it is rekeyed.
 */
export interface EncryptionRecord {
  readonly version: 1;
  /** `encrypting`: it was plain, and not everything is sealed yet. */
  readonly state: 'encrypting' | 'encrypted';
  /** Base64; see `derived-keys.ts`. */
  readonly salt: string;
  /** Id of the key that seals whatever is written. */
  readonly writes: string;
  /**
   * The key of blob names, under each of the keys, as base64 of an envelope. It is made with the store and never changes, since
   * names must not; whoever rotates keys wraps it anew.
   */
  readonly name_key: Readonly<Record<string, string>>;
}

/** A record whose keys are at hand. */
export interface OpenedRecord {
  readonly record: EncryptionRecord;
  readonly keys: readonly EncryptionKey[];
  readonly nameKey: Uint8Array;
}

const namePlace = JSON.stringify(['store_properties', encryptionProperty, 'name_key']);
const nameScope = 'name-key';

/** The record of a store that is sealed from now on with one key. */
export function makeEncryptionRecord(key: EncryptionKey, state: EncryptionRecord['state']): EncryptionRecord {
  const salt = randomBytes(keyBytes).toString('base64');
  return { version: 1, state, salt, writes: key.id, name_key: { [key.id]: wrap(randomBytes(keyBytes), key, salt) } };
}

/** The record after one key was added, which writes from now on; the others are still needed. */
export function addKeyToRecord({ record, nameKey }: OpenedRecord, key: EncryptionKey): EncryptionRecord {
  const wrapped = record.name_key[key.id] ?? wrap(nameKey, key, record.salt);
  return { ...record, writes: key.id, name_key: { ...record.name_key, [key.id]: wrapped } };
}

/** The record once nothing is sealed with another key than the one that writes. */
export function finishRecord(record: EncryptionRecord): EncryptionRecord {
  const { writes } = record;
  const wrapped = record.name_key[writes];
  if (wrapped === undefined) throw makeDamaged();
  return { ...record, state: 'encrypted', name_key: { [writes]: wrapped } };
}

/** @throws {EvaluationError} `store-damaged`, `store-schema`. */
export function parseEncryptionRecord(text: string): EncryptionRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw makeDamaged(error);
  }
  if (typeof value !== 'object' || value === null) throw makeDamaged();
  const record = value as Partial<Omit<EncryptionRecord, 'version'>> & { readonly version?: unknown };
  const { version } = record;
  if (typeof version === 'number' && version !== 1) {
    throw new EvaluationError('store-schema', `The store is encrypted in form ${version}; this release knows 1.`, {
      hint: 'Use the release that encrypted it, or a newer one.',
    });
  }
  const isWhole =
    version === 1 &&
    (record.state === 'encrypting' || record.state === 'encrypted') &&
    typeof record.salt === 'string' &&
    typeof record.writes === 'string' &&
    typeof record.name_key === 'object' &&
    record.name_key !== null &&
    Object.values(record.name_key).every((wrapped) => typeof wrapped === 'string') &&
    record.name_key[record.writes] !== undefined;
  if (!isWhole) throw makeDamaged();
  return value as EncryptionRecord;
}

/**
 * Finds the keys of a record in a ring and proves that they are the right ones.
 *
 * @throws {EvaluationError} `encryption-key-missing`, `encryption-key-wrong`.
 */
export function openEncryptionRecord(record: EncryptionRecord, ring: KeyRing | undefined): OpenedRecord {
  let nameKey: Uint8Array | undefined;
  const keys = Object.entries(record.name_key).map(([id, wrapped]) => {
    const key = findKey(ring, id);
    if (key === undefined) throw makeKeyMissing(record, ring, id);
    nameKey = unwrap(wrapped, key, record.salt);
    return key;
  });
  if (nameKey === undefined) throw makeDamaged();
  return { record, keys, nameKey };
}

function makeKeyMissing({ name_key }: EncryptionRecord, ring: KeyRing | undefined, id: string): EvaluationError {
  const isRotating = Object.keys(name_key).length > 1;
  return new EvaluationError(
    'encryption-key-missing',
    `The store is encrypted with key "${id}", and ${describeKeys(ring)}.`,
    {
      hint: isRotating
        ? 'Its keys are being changed: all of them are needed until `stet store rekey` is done.'
        : 'Give it in STET_ENCRYPTION_KEYS, or in the file that STET_ENCRYPTION_KEY_FILE names.',
    },
  );
}

function wrap(nameKey: Uint8Array, key: EncryptionKey, salt: string): string {
  return seal(deriveWrapping(key, salt), namePlace, nameKey).toString('base64');
}

function unwrap(wrapped: string, key: EncryptionKey, salt: string): Uint8Array {
  const nameKey = open(deriveWrapping(key, salt), namePlace, Buffer.from(wrapped, 'base64'));
  if (nameKey !== undefined) return nameKey;
  throw new EvaluationError(
    'encryption-key-wrong',
    `Key "${key.id}" is not the one that the store was encrypted with, though it has its id.`,
    { hint: 'Configure the key that had this id when the store was made or rekeyed; give a new key a new id.' },
  );
}

function deriveWrapping(key: EncryptionKey, salt: string) {
  return createDerivedKeys(key, Buffer.from(salt, 'base64')).derive(nameScope);
}

function makeDamaged(cause?: unknown): EvaluationError {
  return new EvaluationError('store-damaged', 'What the store says of its encryption cannot be read.', {
    hint: 'Restore its database from a backup.',
    cause,
  });
}
