import { createHmac } from 'node:crypto';
import type { Digest } from '../../contracts/digest.ts';
import type { BlobName } from '../blob-format.ts';
import { createDerivedKeys, type DerivedKeys } from './derived-keys.ts';
import {
  type EncryptionRecord,
  type OpenedRecord,
  openEncryptionRecord,
  parseEncryptionRecord,
} from './encryption-record.ts';
import { open, readKeyId, seal } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';

/** Where a sealed text lies: it opens nowhere else. */
export interface RowPlace {
  readonly table: string;
  readonly column: string;
  /** Values of the primary key, in its order. */
  readonly key: readonly string[];
}

/** What opening came to. A key is unknown when the store, as far as this process knows, has never used it. */
export type Opened = { readonly is: 'open'; readonly bytes: Buffer } | { readonly is: 'damaged' | 'unknown-key' };

const damaged: Opened = { is: 'damaged' };

/** Seals and opens what one store holds, by the record that the store has at the moment. */
export class StoreCipher {
  readonly #ring: KeyRing;
  #text: string;
  #opened: OpenedRecord;
  #keys: ReadonlyMap<string, DerivedKeys>;

  /**
   * @param text - The store's encryption record, as it is stored.
   * @throws {EvaluationError} `encryption-key-missing`, `encryption-key-wrong`, `store-damaged`, `store-schema`.
   */
  constructor(text: string, ring: KeyRing) {
    this.#ring = ring;
    this.#text = text;
    this.#opened = openEncryptionRecord(parseEncryptionRecord(text), ring);
    this.#keys = deriveFrom(this.#opened);
  }

  get record(): EncryptionRecord {
    return this.#opened.record;
  }

  get opened(): OpenedRecord {
    return this.#opened;
  }

  /**
   * Takes the record that the store has now: somebody may have rekeyed it since. Cheap where nothing changed.
   *
   * @throws as the constructor; nothing is taken then.
   */
  adopt(text: string): void {
    if (text === this.#text) return;
    const opened = openEncryptionRecord(parseEncryptionRecord(text), this.#ring);
    this.#opened = opened;
    this.#keys = deriveFrom(opened);
    this.#text = text;
  }

  /** The name under which a blob lies: without the store's name key nobody can tell which content it may be. */
  nameOf(digest: Digest): BlobName {
    return createHmac('sha256', this.#opened.nameKey).update(digest).digest('hex');
  }

  sealBlob(name: BlobName, plain: Uint8Array): Buffer {
    const place = makeBlobPlace(name);
    return seal(this.#writing().derive(place), place, plain);
  }

  openBlob(name: BlobName, stored: Uint8Array): Opened {
    const place = makeBlobPlace(name);
    return this.#open(stored, place, (keys) => keys.derive(place));
  }

  sealRow(place: RowPlace, plain: Uint8Array): Buffer {
    return seal(this.#writing().derive(makeRowScope(place), { isKept: true }), makeRowPlace(place), plain);
  }

  openRow(place: RowPlace, stored: Uint8Array): Opened {
    return this.#open(stored, makeRowPlace(place), (keys) => keys.derive(makeRowScope(place), { isKept: true }));
  }

  /** Whether bytes are sealed with the key that writes. */
  isCurrent(stored: Uint8Array): boolean {
    return readKeyId(stored) === this.record.writes;
  }

  #open(stored: Uint8Array, place: string, derive: (keys: DerivedKeys) => ReturnType<DerivedKeys['derive']>): Opened {
    const keyId = readKeyId(stored);
    if (keyId === undefined) return damaged;
    const keys = this.#keys.get(keyId);
    if (keys === undefined) return { is: 'unknown-key' };
    const bytes = open(derive(keys), place, stored);
    return bytes === undefined ? damaged : { is: 'open', bytes };
  }

  #writing(): DerivedKeys {
    const keys = this.#keys.get(this.record.writes);
    if (keys === undefined) throw new Error('an opened record lacks the key that writes');
    return keys;
  }
}

function deriveFrom({ record, keys }: OpenedRecord): ReadonlyMap<string, DerivedKeys> {
  const salt = Buffer.from(record.salt, 'base64');
  return new Map(keys.map((key) => [key.id, createDerivedKeys(key, salt)]));
}

// JSON, so that no two places have the same text.

function makeBlobPlace(name: BlobName): string {
  return JSON.stringify(['blob', name]);
}

/** The rows of a task result share a key, those of its journal included; any other row has its own. */
function makeRowScope({ key }: RowPlace): string {
  return JSON.stringify(['row', key[0]]);
}

function makeRowPlace({ table, column, key }: RowPlace): string {
  return JSON.stringify([table, column, ...key]);
}
