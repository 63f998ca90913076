import { readKeyRing } from '../../../storage/encryption/read-key-ring.ts';
import { rekeyStore } from '../../../storage/encryption/rekey-store.ts';
import { openRawSqliteStore } from '../../../storage/sqlite/open-raw-sqlite-store.ts';

// Run as a process of its own: rekeys the store in a directory with the keys of the environment.
const [directory = ''] = process.argv.slice(2);
const ring = await readKeyRing(process.env, () => {});
if (ring === undefined) throw new Error('no keys');
const store = await openRawSqliteStore(directory, undefined);
await rekeyStore(store, ring, { listWorkers: async () => [], onProgress: () => {} });
await store.close();
