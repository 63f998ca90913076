import { existsSync } from 'node:fs';
import path from 'node:path';
import { findEncryptionRecord } from '../storage/encryption/encrypted-database.ts';
import { openEncryptionRecord, parseEncryptionRecord } from '../storage/encryption/encryption-record.ts';
import { openRawStore, readKeyRing } from '../storage/index.ts';
import { databaseName } from '../storage/sqlite/open-sqlite-store.ts';
import { storeExists } from '../storage/store-exists.ts';
import type { StoreLocation } from '../storage/store-location.ts';
import type { Finding } from './diagnose.ts';
import type { StoreSettings } from './find-store-settings.ts';
import type { Environment } from './server/run-tool.ts';

/** Whether the store is encrypted, with which key, and whether that is at hand. */
export async function checkEncryption(
  { location, blobs }: StoreSettings,
  environment: Environment,
  onNotice: (message: string) => void,
): Promise<Finding> {
  const ring = await readKeyRing(environment, onNotice);
  const first = ring?.keys[0].id;
  if (!(await isThere(location))) {
    return { ok: true, detail: first === undefined ? 'off: no key is configured' : `a first run uses key "${first}"` };
  }
  const store = await openRawStore(location, { blobs });
  try {
    const text = await store.database.snapshot(findEncryptionRecord);
    if (text === undefined) {
      return first === undefined
        ? { ok: true, detail: 'off' }
        : { ok: false, detail: 'keys are configured, the store is plain', hint: 'Encrypt it with `stet store rekey`.' };
    }
    const record = parseEncryptionRecord(text);
    const { writes, state } = record;
    openEncryptionRecord(record, ring);
    if (state === 'encrypting' || Object.keys(record.name_key).length > 1) {
      return {
        ok: state === 'encrypted',
        detail: `being rekeyed to key "${writes}"`,
        hint: 'Where nobody is at it any more, `stet store rekey` goes on.',
      };
    }
    const next = first === writes ? '' : `; \`stet store rekey\` changes it to "${first}"`;
    return { ok: true, detail: `AES-256-GCM with key "${writes}"${next}` };
  } finally {
    await store.close();
  }
}

/** A directory may be there, and no store in it yet. */
async function isThere(location: StoreLocation): Promise<boolean> {
  if (location.kind === 'directory') return existsSync(path.join(location.directory, databaseName));
  return storeExists(location);
}
