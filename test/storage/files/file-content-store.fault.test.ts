import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileContentStore } from '../../../storage/files/file-content-store.ts';
import { digestOf } from '../conformance/samples.ts';
import { pathOf } from '../open-temporary-store.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stet-blobs-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function listFiles(): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

test('lies in folders and files that only their owner may read', async () => {
  const { digest } = await createFileContentStore(directory).put(Buffer.from('private'));
  const path = pathOf(directory, digest);
  const modes = [path, dirname(path), dirname(dirname(path))].map(async (each) =>
    ((await stat(each)).mode & 0o777).toString(8),
  );
  expect(await Promise.all(modes)).toEqual(['600', '700', '700']);
});

test('leaves nothing but the blob behind', async () => {
  const content = createFileContentStore(directory);
  const { digest } = await content.put(Buffer.from('text'));
  await writeFile(pathOf(directory, digest), 'damaged');
  await Promise.all([content.put(Buffer.from('text')), content.put(Buffer.from('text'))]);
  expect(await listFiles()).toEqual([digest.slice('sha256:'.length + 2)]);
});

test('leaves no temporary file behind when the blob cannot take its place', async () => {
  const digest = digestOf('in the way');
  // A folder under the name of the blob: the file is written, and its rename fails.
  await mkdir(join(pathOf(directory, digest), 'x'), { recursive: true });
  await expect(createFileContentStore(directory).put(Buffer.from('in the way'))).rejects.toMatchObject({
    code: 'store-failed',
    cause: expect.objectContaining({ code: 'EISDIR' }) as unknown,
  });
  expect(await listFiles()).toEqual([]);
  expect(await createFileContentStore(directory).findSize(digest)).toBeUndefined();
});

test('reports a store directory that cannot hold blobs, with the cause', async () => {
  await writeFile(join(directory, 'blobs'), 'a file where the folder should be');
  await expect(createFileContentStore(directory).put(Buffer.from('text'))).rejects.toMatchObject({
    code: 'store-failed',
    cause: expect.objectContaining({ code: expect.stringMatching(/^E(NOTDIR|EXIST)$/) as string }) as unknown,
  });
});

test('refuses to turn what is no digest into a path', async () => {
  const content = createFileContentStore(directory);
  const trick = `sha256:../../${'a'.repeat(58)}` as const;
  await expect(content.get(trick)).rejects.toMatchObject({ code: 'internal' });
  await expect(content.findSize(trick)).rejects.toMatchObject({ code: 'internal' });
});

test('ignores a temporary file that a killed process left', async () => {
  const digest = digestOf('written later');
  const path = pathOf(directory, digest);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(join(dirname(path), `.${digest.slice('sha256:'.length + 2)}.abc.tmp`), 'half');
  const content = createFileContentStore(directory);
  await expect(content.get(digest)).rejects.toMatchObject({ code: 'blob-missing' });
  await content.put(Buffer.from('written later'));
  expect(Buffer.from(await content.get(digest)).toString()).toBe('written later');
});
