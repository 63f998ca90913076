import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { type BlobFormat, plainBlobFormat } from '../blob-format.ts';
import { type ColumnCodec, createSealedColumns, plainColumns } from './column-codec.ts';
import { parseEncryptionRecord } from './encryption-record.ts';
import { describeKeys, type KeyRing } from './key-ring.ts';
import { createSealedBlobFormat } from './sealed-blob-format.ts';
import { StoreCipher } from './store-cipher.ts';

/** How an open store seals what it writes; of a plain one, not at all. */
export interface StoreEncryption {
  readonly columns: ColumnCodec;
  readonly blobs: BlobFormat;
  /** Undefined for a plain store. */
  readonly cipher: StoreCipher | undefined;
  /**
   * Compares with what the store says of itself at this moment. Called at the start of every transaction: what is written
   * in it is sealed as the store wants it, though another process may have rekeyed the store since it was opened here.
   *
   * @param recordText - The encryption record, undefined where there is none.
   * @throws {EvaluationError} when this process cannot go on with the store.
   */
  follow(recordText: string | undefined): void;
}

/**
 * @param recordText - The encryption record of the store, undefined where there is none.
 * @param readRecord - Reads it again.
 * @throws {EvaluationError} `encryption-key-missing`, `encryption-key-wrong`, `store-not-encrypted`.
 */
export function openEncryption(
  recordText: string | undefined,
  ring: KeyRing | undefined,
  readRecord: () => Promise<string | undefined>,
): StoreEncryption {
  if (recordText === undefined) {
    if (ring !== undefined) throw makeNotEncrypted();
    return plainEncryption;
  }
  const { state, writes } = parseEncryptionRecord(recordText);
  if (ring === undefined) throw makeKeysMissing(`The store is encrypted with key "${writes}"`);
  if (state === 'encrypting') {
    throw new EvaluationError('store-not-encrypted', 'The store is being encrypted, and that is not done yet.', {
      hint: 'Where `stet store rekey` is not at work on it any more, call it again: it goes on where it was.',
    });
  }
  const cipher = new StoreCipher(recordText, ring);
  const follow = (text: string | undefined): void => {
    if (text === undefined) {
      throw new EvaluationError('store-damaged', 'The store was encrypted, and says nothing of it any more.', {
        hint: 'Restore its database from a backup.',
      });
    }
    cipher.adopt(text);
  };
  return {
    cipher,
    columns: createSealedColumns(cipher),
    blobs: createSealedBlobFormat(cipher, async () => follow(await readRecord())),
    follow,
  };
}

const plainEncryption: StoreEncryption = {
  cipher: undefined,
  columns: plainColumns,
  blobs: plainBlobFormat,
  follow(recordText) {
    if (recordText !== undefined) throw makeKeysMissing('The store was encrypted after this command had opened it');
  },
};

function makeKeysMissing(what: string): EvaluationError {
  return new EvaluationError('encryption-key-missing', `${what}, and ${describeKeys(undefined)}.`, {
    hint: 'Give it in STET_ENCRYPTION_KEYS, or in the file that STET_ENCRYPTION_KEY_FILE names.',
  });
}

function makeNotEncrypted(): EvaluationError {
  return new EvaluationError('store-not-encrypted', 'Encryption keys are configured, and the store is a plain one.', {
    hint: 'Encrypt it with `stet store rekey`, or unset STET_ENCRYPTION_KEYS and STET_ENCRYPTION_KEY_FILE.',
  });
}
