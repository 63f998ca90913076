import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContentStore } from '../../../storage/content-store.ts';
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

const plain = Buffer.from('a blob that comes to harm');
const digest = digestOf(plain.toString());

const readError = [
  'reading it is an input/output error',
  async (path: string) => {
    await rm(path);
    await symlink('/proc/self/mem', path); // address 0 is nobody's
  },
] as const;

/** Ways in which a file can be there and its content cannot; permissions do not stop the super-user of a container. */
const harms: readonly (readonly [name: string, harm: (path: string) => Promise<void>])[] = [
  [
    'a folder took its place',
    async (path) => {
      await rm(path);
      await mkdir(join(path, 'x'), { recursive: true });
    },
  ],
  ...(process.platform === 'linux' ? [readError] : []),
  [
    'it cannot be opened',
    async (path) => {
      await rm(path);
      await symlink(path, path);
    },
  ],
];

test.each(harms)('a blob of which %s is damaged, out of the way then, and stored anew', async (_, harm) => {
  const content = createFileContentStore(directory);
  const { sizeBytes } = await content.put(plain);
  const path = pathOf(directory, digest);
  await harm(path);
  await expect(content.get(digest)).rejects.toMatchObject({ code: 'blob-damaged' });
  await expect(content.get(digest)).rejects.toMatchObject({ code: 'blob-missing' });
  expect((await readdir(dirname(path))).filter((name) => name.endsWith('.damaged'))).toHaveLength(1);
  expect(await content.put(plain)).toEqual({ digest, sizeBytes });
  expect(Buffer.from(await content.get(digest)).equals(plain)).toBe(true);
});

test.each(harms)('a blob of which %s is stored anew by whoever puts it before it was read', async (_, harm) => {
  const content = createFileContentStore(directory);
  const { sizeBytes } = await content.put(plain);
  await harm(pathOf(directory, digest));
  expect(await content.put(plain)).toEqual({ digest, sizeBytes });
  expect(Buffer.from(await content.get(digest)).equals(plain)).toBe(true);
  expect(await listFiles()).toContain(digest.slice('sha256:'.length + 2));
  expect((await listFiles()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test.skipIf(process.getuid?.() === 0)('a blob whose rights were taken away is damaged, not out of reach', async () => {
  const content = createFileContentStore(directory);
  await content.put(plain);
  await chmod(pathOf(directory, digest), 0);
  await expect(content.get(digest)).rejects.toMatchObject({ code: 'blob-damaged' });
  await content.put(plain);
  expect(Buffer.from(await content.get(digest)).equals(plain)).toBe(true);
});

test.skipIf(process.getuid?.() === 0)(
  'a folder whose rights were taken away is out of reach, not damaged',
  async () => {
    const content = createFileContentStore(directory);
    await content.put(plain);
    const folder = dirname(pathOf(directory, digest));
    await chmod(folder, 0);
    const outOfReach = { code: 'store-failed', hint: expect.stringContaining('Check who may') as unknown };
    await expect(content.get(digest)).rejects.toMatchObject(outOfReach);
    await expect(content.findSize(digest)).rejects.toMatchObject(outOfReach);
    await chmod(folder, 0o700);
    expect(Buffer.from(await content.get(digest)).equals(plain)).toBe(true);
  },
);

test('a blob that was mended while somebody found it damaged is not put aside', async () => {
  const content = createFileContentStore(directory);
  await content.put(plain);
  const path = pathOf(directory, digest);
  const good = await readFile(path);
  for (let round = 0; round < 20; round++) {
    await writeFile(path, 'damaged');
    const reading = content.get(digest).catch(() => undefined);
    // As another process would: written beside it, then renamed over it.
    await writeFile(`${path}.new`, good);
    await rename(`${path}.new`, path);
    await reading;
    expect(Buffer.from(await content.get(digest)).equals(plain)).toBe(true);
  }
});

describe('a collection that was killed between putting a blob aside and looking at it', () => {
  const readers: readonly (readonly [string, (content: ContentStore) => Promise<unknown>, unknown])[] = [
    ['read', async (content) => Buffer.from(await content.get(digest)).toString(), plain.toString()],
    ['looked for', (content) => content.findSize(digest).then((size) => size !== undefined), true],
    ['touched', (content) => content.touch(digest), true],
  ];

  test.each(readers)('leaves it to be found when it is %s', async (_, read, expected) => {
    const content = createFileContentStore(directory);
    await content.put(plain);
    const path = pathOf(directory, digest);
    await rename(path, join(dirname(path), `.${basename(path)}.0123456789ab.swept`));
    expect(await read(content)).toBe(expected);
    expect(await listFiles()).toEqual([basename(path)]);
  });

  test('does not have it take the place of one that was put since, whose time stamp counts', async () => {
    const content = createFileContentStore(directory);
    await content.put(plain);
    const path = pathOf(directory, digest);
    const aside = join(dirname(path), `.${basename(path)}.0123456789ab.swept`);
    await rename(path, aside);
    await utimes(aside, 1_000, 1_000);
    await content.put(plain);
    await content.get(digest);
    expect((await stat(path)).mtimeMs).toBeGreaterThan(1_000_000);
  });
});

test('a touch moves the time stamp of what is there, and only of that', async () => {
  const content = createFileContentStore(directory);
  expect(await content.touch(digest)).toBe(false);
  await content.put(plain);
  const path = pathOf(directory, digest);
  await utimes(path, 1_000, 1_000);
  expect(await content.touch(digest)).toBe(true);
  expect((await stat(path)).mtimeMs).toBeGreaterThan(1_000_000);
  await utimes(path, 1_000, 1_000);
  await content.put(plain);
  expect((await stat(path)).mtimeMs).toBeGreaterThan(1_000_000);
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
