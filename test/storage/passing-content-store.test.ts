import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { digestBytes } from '../../evaluation/fingerprint/digest.ts';
import { createPassingContentStore } from '../../storage/passing-content-store.ts';

it('gives back every blob, whether it is kept in memory or in its file', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
      fc.nat({ max: 100 }),
      async (blobs, memoryBytes) => {
        await using content = createPassingContentStore(memoryBytes);
        const references = await Promise.all(blobs.map((bytes) => content.put(bytes)));
        for (const [index, bytes] of blobs.entries()) {
          const reference = references[index];
          expect(reference).toEqual({ digest: digestBytes(bytes), sizeBytes: bytes.length });
          expect(await content.get(digestBytes(bytes))).toEqual(bytes);
          expect(await content.findSize(digestBytes(bytes))).toBe(bytes.length);
          expect(await content.touch(digestBytes(bytes))).toBe(true);
        }
      },
    ),
    { numRuns: 30 },
  );
});

it('keeps what it was given, whatever becomes of the array, and has no other blob', async () => {
  await using content = createPassingContentStore();
  const bytes = Uint8Array.of(1, 2, 3);
  const { digest } = await content.put(bytes);
  bytes.fill(0);
  expect(await content.get(digest)).toEqual(Uint8Array.of(1, 2, 3));
  await expect(content.get(digestBytes('other'))).rejects.toMatchObject({ code: 'blob-missing' });
  expect(await content.touch(digestBytes('other'))).toBe(false);
});

it('has no name on the disk while it is used', async () => {
  await using content = createPassingContentStore(0);
  const { digest } = await content.put(Uint8Array.of(1, 2, 3));
  expect((await readdir(tmpdir())).filter((name) => name.startsWith('stet-passing-'))).toEqual([]);
  expect(await content.get(digest)).toEqual(Uint8Array.of(1, 2, 3));
});
