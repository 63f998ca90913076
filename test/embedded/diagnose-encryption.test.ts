import path from 'node:path';
import { expect, it } from 'vitest';
import { checkEncryption } from '../../embedded/diagnose-encryption.ts';
import { describeFailure } from '../../embedded/diagnose-store.ts';
import { findStoreSettings } from '../../embedded/find-store-settings.ts';
import { rekey } from '../../embedded/rekey-store.ts';
import { openStore } from '../../storage/open-store.ts';
import { makeKeyText } from '../storage/encryption/make-keys.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

it('says whether the store is encrypted, with which key, and whether that is at hand', async () => {
  await using folder = await makeTemporaryFolder();
  const store = path.join(folder.path, 'store');
  const [k1, k2] = [makeKeyText('k1'), makeKeyText('k2')];
  const check = async (...texts: readonly string[]) => {
    const environment = texts.length === 0 ? {} : { STET_ENCRYPTION_KEYS: texts.join(',') };
    const settings = findStoreSettings({ store, environment, workingDirectory: folder.path });
    const { ok, detail } = await checkEncryption(settings, environment, () => {}).catch(describeFailure);
    return { ok, detail };
  };
  expect(await check()).toEqual({ ok: true, detail: 'off: no key is configured' });
  expect(await check(k1)).toEqual({ ok: true, detail: 'a first run uses key "k1"' });
  await (await openStore(store)).close();
  expect(await check()).toEqual({ ok: true, detail: 'off' });
  expect(await check(k1)).toEqual({ ok: false, detail: 'keys are configured, the store is plain' });
  await rekey({ store, environment: { STET_ENCRYPTION_KEYS: k1 } });
  expect(await check(k1)).toEqual({ ok: true, detail: 'AES-256-GCM with key "k1"' });
  expect(await check(k2, k1)).toEqual({
    ok: true,
    detail: 'AES-256-GCM with key "k1"; `stet store rekey` changes it to "k2"',
  });
  expect(await check()).toEqual({
    ok: false,
    detail: 'The store is encrypted with key "k1", and no key is configured.',
  });
});
