import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenedStore, OpenStore } from './opened-store.ts';
import { digestOf } from './samples.ts';

export function describeContentStore(open: OpenStore): void {
  describe('content', () => {
    let opened: OpenedStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.dispose());

    test('gives back what was put, under the digest of the plain bytes', async () => {
      const { content } = opened.store;
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), async (bytes) => {
          const reference = await content.put(bytes);
          expect(Buffer.from(await content.get(reference.digest)).equals(bytes)).toBe(true);
          expect(await content.findSize(reference.digest)).toBe(reference.sizeBytes);
        }),
        { numRuns: 30 },
      );
      expect((await content.put(Buffer.from('hello'))).digest).toBe(digestOf('hello'));
    });

    test('gives the same reference each time equal bytes are put, also at once', async () => {
      const { content } = opened.store;
      const bytes = Buffer.from('the same');
      const references = await Promise.all(Array.from({ length: 8 }, () => content.put(bytes)));
      expect(new Set(references.map((reference) => JSON.stringify(reference))).size).toBe(1);
      expect(await content.put(bytes)).toEqual(references[0]);
    });

    test('keeps blobs beyond a close', async () => {
      const { digest } = await opened.store.content.put(Buffer.from('kept'));
      const store = await opened.reopen();
      expect(Buffer.from(await store.content.get(digest)).toString()).toBe('kept');
    });

    test('says that a blob is missing', async () => {
      const { digest } = await opened.store.content.put(Buffer.from('gone'));
      await opened.removeBlob(digest);
      await expect(opened.store.content.get(digest)).rejects.toMatchObject({ code: 'blob-missing' });
      expect(await opened.store.content.findSize(digest)).toBeUndefined();
      await expect(opened.store.content.get(digestOf('never put'))).rejects.toMatchObject({ code: 'blob-missing' });
    });

    test.each([
      ['bytes that are no archive', Buffer.from('scribble')],
      ['nothing', Buffer.alloc(0)],
      ['other content', gzipSync('something else')],
      ['half of it', gzipSync('a blob to be damaged').subarray(0, 20)],
    ])('finds a blob damaged that holds %s, and put repairs it', async (_, bytes) => {
      const { content } = opened.store;
      const plain = Buffer.from('a blob to be damaged');
      const { digest } = await content.put(plain);
      await opened.damageBlob(digest, bytes);
      await expect(content.get(digest)).rejects.toMatchObject({ code: 'blob-damaged' });
      const repaired = await content.put(plain);
      expect(Buffer.from(await content.get(digest)).equals(plain)).toBe(true);
      expect(await content.findSize(digest)).toBe(repaired.sizeBytes);
    });
  });
}
