import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../storage/open-store.ts';
import { openTemporaryStore } from './open-temporary-store.ts';

let opened: Awaited<ReturnType<typeof openTemporaryStore>>;
beforeEach(async () => {
  opened = await openTemporaryStore();
});
afterEach(() => opened.dispose());

const elsewhere = { bucket: 'team', prefix: 'stet/' };

test('a store whose blobs lie in it is refused with another place for them, which nobody asked', async () => {
  await expect(openStore(opened.directory, { blobs: elsewhere })).rejects.toMatchObject({
    code: 'usage',
    message: 'STET_BLOBS names s3://team/stet, but the blobs of this store lie in the store itself.',
  });
});

test('a store whose blobs lie elsewhere is refused without that place, and with another', async () => {
  const directory = `${opened.directory}-of-team`;
  // Nothing is asked of the bucket before a blob is.
  await (await openStore(directory, { blobs: elsewhere })).close();
  const refused = { code: 'usage', hint: expect.stringContaining('STET_BLOBS=s3://team/stet') as string };
  await expect(openStore(directory)).rejects.toMatchObject(refused);
  await expect(openStore(directory, { access: 'read' })).rejects.toMatchObject(refused);
  await expect(openStore(directory, { blobs: { bucket: 'team', prefix: '' } })).rejects.toMatchObject(refused);
  await (await openStore(directory, { blobs: { ...elsewhere, endpoint: 'http://other.example.com' } })).close();
});
