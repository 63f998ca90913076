import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenedStore, OpenStore } from './opened-store.ts';
import { digestOf } from './samples.ts';

const stat = {
  device: '2049',
  inode: '18446744073709551615',
  sizeBytes: 5_000_000_000,
  mtimeNs: '1780000000000000001',
  ctimeNs: '1780000000000000002',
};

export function describeDatasetCache(open: OpenStore): void {
  describe('datasets', () => {
    let opened: OpenedStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.dispose());

    test('knows the digest of a file while everything the system says of it is unchanged', async () => {
      const { datasets } = opened.store;
      expect(await datasets.findFileDigest(stat)).toBeUndefined();
      await datasets.recordFileDigest(stat, digestOf('content'));
      expect(await datasets.findFileDigest({ ...stat })).toBe(digestOf('content'));
      for (const changed of [
        { ...stat, device: '1' },
        { ...stat, inode: '18446744073709551614' },
        { ...stat, sizeBytes: 5_000_000_001 },
        { ...stat, mtimeNs: '1780000000000000002' },
        { ...stat, ctimeNs: '1780000000000000001' },
      ]) {
        expect(await datasets.findFileDigest(changed)).toBeUndefined();
      }
    });

    test('keeps of a file what was recorded last', async () => {
      const { datasets } = opened.store;
      await datasets.recordFileDigest(stat, digestOf('before'));
      await datasets.recordFileDigest({ ...stat, ctimeNs: '1780000000000000003' }, digestOf('after'));
      expect(await datasets.findFileDigest({ ...stat, ctimeNs: '1780000000000000003' })).toBe(digestOf('after'));
      expect(await datasets.findFileDigest(stat)).toBeUndefined();
    });

    test('gives a selection back as it was recorded last, after a close as well', async () => {
      const selection = {
        manifest: { digest: digestOf('manifest'), sizeBytes: 300 },
        version: digestOf('rows'),
        count: 200,
        idSource: 'position',
        warnings: ['A blank line.'],
      } as const;
      await opened.store.datasets.recordSelection(digestOf('reader'), { ...selection, count: 1 });
      await opened.store.datasets.recordSelection(digestOf('reader'), selection);
      const { datasets } = await opened.reopen();
      expect(await datasets.findSelection(digestOf('reader'))).toEqual(selection);
      expect(await datasets.findSelection(digestOf('another reader'))).toBeUndefined();
    });
  });
}
