import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rekey } from '../../../embedded/rekey-store.ts';
import { type OpenedRawStore, rekeyStore } from '../../../storage/encryption/rekey-store.ts';
import { openRawStore } from '../../../storage/open-raw-store.ts';
import { openStore } from '../../../storage/open-store.ts';
import type { Fault } from '../../support/fault-preload.mjs';
import { findPlainText } from '../../support/find-plain-text.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { bundleScript } from '../bundle-script.ts';
import { makeKeyText, makeRing } from './make-keys.ts';
import { fillWithMarks, leaveLeftovers, type MarkedStore, mark, readMarks } from './marked-store.ts';

const [k1, k2] = [makeKeyText('k1'), makeKeyText('k2')];
const preload = fileURLToPath(new URL('../../support/fault-preload.mjs', import.meta.url));

/** A store to begin with, and the keys that it is to be rekeyed with. */
interface Beginning {
  readonly directory: string;
  readonly ring: readonly string[];
  readonly marked: MarkedStore;
  readonly content: unknown;
}

let folder: TemporaryFolder;
let script: string;
const beginnings: Record<'plain' | 'encrypted', Beginning | undefined> = { plain: undefined, encrypted: undefined };

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  script = join(folder.path, 'rekey-process.mjs');
  await bundleScript(new URL('rekey-process.ts', import.meta.url), script);
  beginnings.plain = await begin('plain', [], [k1]);
  beginnings.encrypted = await begin('encrypted', [k1], [k2, k1]);
});
afterAll(() => folder?.[Symbol.asyncDispose]());

async function begin(name: string, keys: readonly string[], ring: readonly string[]): Promise<Beginning> {
  const directory = join(folder.path, name);
  const store = await openStore(directory, keys.length === 0 ? {} : { keys: makeRing(...keys) });
  const marked = await fillWithMarks(store);
  const content = await readMarks(store, marked);
  await store.close();
  if (keys.length === 0) await leaveLeftovers(directory, marked);
  return { directory, ring, marked, content };
}

async function copy(kind: 'plain' | 'encrypted', name: string): Promise<Beginning> {
  const beginning = beginnings[kind];
  if (beginning === undefined) throw new Error('nothing to begin with');
  const directory = join(folder.path, name);
  await cp(join(beginning.directory, 'blobs'), join(directory, 'blobs'), { recursive: true });
  // Not file by file: SQLite tidies up behind a closed store when it likes.
  const database = new Database(join(beginning.directory, 'store.db'));
  database.exec(`VACUUM INTO '${join(directory, 'store.db')}'`);
  database.close();
  return { ...beginning, directory };
}

/** Rekeys what an attempt that was broken off has left, and looks at it with the newest key alone. */
async function goOn({ directory, ring, marked, content }: Beginning): Promise<void> {
  await rekey({ store: directory, environment: { STET_ENCRYPTION_KEYS: ring.join(',') } });
  const store = await openStore(directory, { keys: makeRing(ring[0] ?? '') });
  try {
    expect(await readMarks(store, marked)).toEqual(content);
  } finally {
    await store.close();
  }
}

const brokenOff = new Error('broken off');

/** The same store, of which the n-th write fails: before it is done, or after. */
function failAt(store: OpenedRawStore, nth: number, when: 'before' | 'after'): OpenedRawStore {
  let writes = 0;
  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    writes += 1;
    if (writes === nth && when === 'before') throw brokenOff;
    const result = await work();
    if (writes >= nth) throw brokenOff;
    return result;
  };
  const { database, inventory } = store;
  return {
    ...store,
    database: {
      transaction: (work) => write(() => database.transaction(work)),
      snapshot: (work) => database.snapshot(work),
    },
    inventory: {
      ...inventory,
      writeStored: (name, stored) => write(() => inventory.writeStored(name, stored)),
      remove: (name) => write(() => inventory.remove(name)),
    },
    compact: (isAlone) => write(() => store.compact(isAlone)),
  };
}

describe.each(['plain', 'encrypted'] as const)('rekeying of a store that was %s', (kind) => {
  it('goes on wherever it was broken off', async () => {
    for (let nth = 1; ; nth += 7) {
      const beginning = await copy(kind, `${kind}-${nth}`);
      const store = await openRawStore(beginning.directory);
      const failing = failAt(store, nth, nth % 2 === 0 ? 'before' : 'after');
      const outcome = await rekeyStore(failing, makeRing(...beginning.ring), {
        listWorkers: async () => [],
        onProgress: () => {},
      }).catch((error: unknown) => error);
      await store.close();
      // Behind the last write there is nothing to break off.
      if (outcome !== brokenOff) {
        expect(outcome).toMatchObject({ key: kind === 'plain' ? 'k1' : 'k2' });
        expect(nth).toBeGreaterThan(12);
        return;
      }
      await goOn(beginning);
      expect(await findPlainText(beginning.directory, [mark])).toEqual([]);
    }
  });

  it.each<Fault>([
    { at: 'begin', when: 'before', nth: 4, act: 'kill' },
    { at: 'blob-write', when: 'after', nth: 3, act: 'kill' },
    { at: 'blob-rename', when: 'after', nth: 5, act: 'kill' },
  ])('survives kill -9 $when $at $nth', async (fault) => {
    const beginning = await copy(kind, `${kind}-${fault.at}-killed`);
    const child = spawn(process.execPath, ['--import', preload, script, beginning.directory], {
      env: {
        ...process.env,
        STET_TEST_FAULTS: JSON.stringify([fault]),
        STET_ENCRYPTION_KEYS: beginning.ring.join(','),
      },
      stdio: 'inherit',
    });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    await goOn(beginning);
    expect(await findPlainText(beginning.directory, [mark])).toEqual([]);
  });
});

it('lets nobody use a store that is half encrypted, with or without keys', async () => {
  const beginning = await copy('plain', 'half');
  const store = await openRawStore(beginning.directory);
  await rekeyStore(failAt(store, 3, 'after'), makeRing(k1), {
    listWorkers: async () => [],
    onProgress: () => {},
  }).catch(() => undefined);
  await store.close();
  await expect(openStore(beginning.directory)).rejects.toMatchObject({ code: 'encryption-key-missing' });
  await expect(openStore(beginning.directory, { keys: makeRing(k1) })).rejects.toMatchObject({
    code: 'store-not-encrypted',
    hint: expect.stringContaining('goes on where it was') as string,
  });
  const otherAim = { store: beginning.directory, environment: { STET_ENCRYPTION_KEYS: `${k2},${k1}` } };
  await expect(rekey(otherAim)).rejects.toMatchObject({ code: 'usage' });
  await goOn(beginning);
});
