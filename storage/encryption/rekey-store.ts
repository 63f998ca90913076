import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { BlobInventory } from '../blob-inventory.ts';
import { build } from '../sql/build.ts';
import type { Database } from '../sql/database.ts';
import { execute, type Work } from '../sql/work.ts';
import { findEncryptionRecord } from './encrypted-database.ts';
import {
  addKeyToRecord,
  type EncryptionRecord,
  encryptionProperty,
  finishRecord,
  makeEncryptionRecord,
} from './encryption-record.ts';
import type { EncryptionKey, KeyRing } from './key-ring.ts';
import { rekeyBlob, rekeyBlobs, sealPlainBlob } from './rekey-blobs.ts';
import { rekeyRows } from './rekey-rows.ts';
import { StoreCipher } from './store-cipher.ts';

/** A store below its encryption: rows and blobs as they lie. */
export interface RawStore {
  readonly database: Database;
  readonly inventory: BlobInventory;
  /**
   * Leaves nothing of what was overwritten or removed, as far as the database can tell: free pages, logs.
   *
   * @param isAlone - Nobody else is at work, who would have to wait.
   */
  compact(isAlone: boolean): Promise<void>;
}

export interface OpenedRawStore extends RawStore {
  close(): Promise<void>;
}

export interface RekeyProgress {
  readonly step: 'rows' | 'blobs' | 'compacting';
  readonly done: number;
}

export interface RekeyReport {
  /** What the store was when this call began; `encrypting`: an earlier call was killed. */
  readonly was: 'plain' | EncryptionRecord['state'];
  /** Id of the key that everything is sealed with now. */
  readonly key: string;
  /** Ids of keys that are not needed any more. */
  readonly retiredKeys: readonly string[];
  readonly texts: number;
  readonly blobs: { readonly count: number; readonly sizeBytes: number };
  /** Damaged texts and blobs: of a plain store they are removed or refused; sealed ones stay as they are. */
  readonly unreadable: number;
  /** Files of killed writes and damaged blobs that were removed. */
  readonly leftovers: number;
}

/**
 * Encrypts a plain store, or has everything in an encrypted one sealed with the first key of a ring. Killed at any moment,
 * another call goes on where it was.
 *
 * Keys of an encrypted store change beside running evaluations: first the record says which key writes, and every
 * transaction looks there; then what lies in the store is sealed anew; then the record forgets the old keys. A plain store
 * is encrypted while nobody is at work: who has opened it plain would write plain.
 *
 * @param listWorkers - Live processes that work on the store, for people.
 * @throws {EvaluationError} `usage` when somebody is at work on a plain store; `encryption-key-missing`, `encryption-key-wrong`.
 */
export async function rekeyStore(
  store: RawStore,
  ring: KeyRing,
  options: {
    readonly listWorkers: () => Promise<readonly string[]>;
    readonly onProgress: (progress: RekeyProgress) => void;
  },
): Promise<RekeyReport> {
  const { database, inventory } = store;
  const begun = await begin(database, ring, options.listWorkers);
  const { cipher, was } = begun;
  const isSealing = cipher.record.state === 'encrypting';
  const texts = await rekeyRows(database, cipher, {
    takesPlain: isSealing,
    onProgress: (done) => options.onProgress({ step: 'rows', done }),
  });
  const rekeyOne = isSealing ? sealPlainBlob : rekeyBlob;
  const blobs = await rekeyBlobs(inventory, (name) => rekeyOne(inventory, cipher, name), {
    removesLeftovers: isSealing,
    onProgress: (done) => options.onProgress({ step: 'blobs', done }),
  });
  options.onProgress({ step: 'compacting', done: 0 });
  // Before the record says that all is done: a call that was killed here has this left to do.
  await store.compact(isSealing);
  const { writes } = cipher.record;
  await database.transaction(() => finish(cipher));
  return {
    was,
    key: writes,
    retiredKeys: Object.keys(cipher.record.name_key).filter((id) => id !== writes),
    texts: texts.sealed,
    blobs: { count: blobs.sealed, sizeBytes: blobs.sizeBytes },
    unreadable: texts.unreadable + blobs.unreadable,
    leftovers: blobs.leftovers,
  };
}

/** Lets the first key of the ring write from now on. */
async function begin(
  database: Database,
  ring: KeyRing,
  listWorkers: () => Promise<readonly string[]>,
): Promise<{ readonly was: RekeyReport['was']; readonly cipher: StoreCipher }> {
  const [first] = ring.keys;
  const existing = await database.snapshot(findEncryptionRecord);
  if (existing === undefined) await refuseWorkers(await listWorkers());
  return database.transaction(function* () {
    const text = yield* findEncryptionRecord();
    if (text === undefined) {
      const record = makeEncryptionRecord(first, 'encrypting');
      yield* writeRecord(record, true);
      // Their keys are plain digests of requests. They are made again when answers are next looked for.
      for (const table of ['stored_answers', 'answer_sources'] as const) yield* execute(build.deleteFrom(table));
      return { was: 'plain' as const, cipher: new StoreCipher(JSON.stringify(record), ring) };
    }
    const cipher = new StoreCipher(text, ring);
    const was = cipher.record.state;
    refuseOtherTarget(cipher.record, first);
    const record = addKeyToRecord(cipher.opened, first);
    yield* writeRecord(record, false);
    cipher.adopt(JSON.stringify(record));
    return { was, cipher };
  });
}

/** One change at a time: of two with different aims, each would seal with a key that the other lets the store forget. */
function refuseOtherTarget({ state, writes, name_key }: EncryptionRecord, first: EncryptionKey): void {
  const isDone = state === 'encrypted' && Object.keys(name_key).length === 1;
  if (isDone || writes === first.id) return;
  throw new EvaluationError('usage', `The store is being rekeyed to "${writes}", and that is not done yet.`, {
    hint: `Finish it first: put "${writes}" at the beginning of the keys and call \`stet store rekey\`.`,
  });
}

function* finish(cipher: StoreCipher): Work<void> {
  const present = yield* findEncryptionRecord();
  // Somebody else has finished the same, and may have begun another change.
  if (present !== JSON.stringify(cipher.record)) return;
  yield* writeRecord(finishRecord(cipher.record), false);
}

function* writeRecord(record: EncryptionRecord, isNew: boolean): Work<void> {
  const value = JSON.stringify(record);
  yield* execute(
    isNew
      ? build.insertInto('store_properties').values({ name: encryptionProperty, value })
      : build.updateTable('store_properties').set({ value }).where('name', '=', encryptionProperty),
  );
}

async function refuseWorkers(workers: readonly string[]): Promise<void> {
  if (workers.length === 0) return;
  throw new EvaluationError(
    'usage',
    `A plain store is encrypted while nobody is at work on it; now there are ${workers.join(', ')}.`,
    { hint: 'Wait for their end or stop them (their runs stay open), then call `stet store rekey` again.' },
  );
}
