import { sql } from 'kysely';
import { build } from '../sql/build.ts';
import type { Database } from '../sql/database.ts';
import { findSegmentSize } from '../sql/segment-size.ts';
import { columnsRequest } from '../sql/use-columns.ts';
import { execute, find, type Work } from '../sql/work.ts';
import { encryptionProperty, makeEncryptionRecord } from './encryption-record.ts';
import type { KeyRing } from './key-ring.ts';
import { openEncryption, type StoreEncryption } from './store-encryption.ts';

/** Gives work its columns, and makes sure in each transaction that they are still those of the store. */
export function createEncryptedDatabase(database: Database, encryption: StoreEncryption): Database {
  return {
    transaction: (work) => database.transaction(() => provideColumns(work, encryption)),
    snapshot: (work) => database.snapshot(() => provideColumns(work, encryption)),
  };
}

/** Work as a driver performs it: what it asks of the encryption is answered here. */
export function* provideColumns<T>(work: () => Work<T>, encryption: StoreEncryption): Work<T> {
  encryption.follow(yield* findEncryptionRecord());
  return yield* provideFollowedColumns(work, encryption);
}

/** The same for further work of a transaction in which the encryption has been followed already. */
export function* provideFollowedColumns<T>(work: () => Work<T>, encryption: StoreEncryption): Work<T> {
  const columns = { rows: [encryption.columns], changes: 0 };
  const steps = work();
  let step = steps.next();
  while (step.done !== true) {
    if (step.value === columnsRequest) {
      step = steps.next(columns);
      continue;
    }
    try {
      step = steps.next(yield step.value);
    } catch (error) {
      // Of the statement: whoever wrote the work may want to deal with it. Of the work itself: it throws it again.
      step = steps.throw(error);
    }
  }
  return step.value;
}

/** What the store says of its encryption; undefined for a plain one. */
export function* findEncryptionRecord(): Work<string | undefined> {
  const row = yield* find(
    build.selectFrom('store_properties').select('value').where('name', '=', sql.lit(encryptionProperty)),
  );
  return row?.value;
}

/**
 * Opens the encryption of a store. One that is new becomes an encrypted store where keys are given; to be called before
 * anything is written to it, its segment size included.
 *
 * @throws {EvaluationError} `encryption-key-missing`, `encryption-key-wrong`, `store-not-encrypted`.
 */
export async function openStoreEncryption(database: Database, ring: KeyRing | undefined): Promise<StoreEncryption> {
  const readRecord = () => database.snapshot(findEncryptionRecord);
  const record = await readRecord();
  if (record !== undefined || ring === undefined || !(await database.snapshot(isNew))) {
    return openEncryption(record, ring, readRecord);
  }
  return openEncryption(await database.transaction(() => keepEncryption(ring)), ring, readRecord);
}

function* keepEncryption(ring: KeyRing): Work<string | undefined> {
  const existing = yield* findEncryptionRecord();
  if (existing !== undefined || !(yield* isNew())) return existing;
  const text = JSON.stringify(makeEncryptionRecord(ring.keys[0], 'encrypted'));
  yield* execute(build.insertInto('store_properties').values({ name: encryptionProperty, value: text }));
  return text;
}

/** Whoever opens a store fixes its segment size; the first releases did not, and left rows. */
function* isNew(): Work<boolean> {
  if ((yield* findSegmentSize()) !== undefined) return false;
  for (const table of ['runs', 'selections', 'file_digests'] as const) {
    if ((yield* find(build.selectFrom(table).select(sql.lit(1).as('one')).limit(1))) !== undefined) return false;
  }
  return true;
}
