import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type BlobFormat, plainBlobFormat } from '../blob-format.ts';
import type { BlobInventory, Leftover, StoredBlob } from '../blob-inventory.ts';
import { type BlobEntry, findBlobEntry, type LeftoverEntry, listBlobFiles } from './blob-files.ts';
import { placeOfBlob } from './blob-place.ts';
import { createFolder, syncFolder, writeFileDurably } from './durable-file.ts';
import { isAbsent, isFaultOfFile } from './file-faults.ts';
import { putBackSwept } from './set-aside.ts';
import { removeLeftover, settleSwept, sweepBlob } from './sweep-blob.ts';

/** What lies in the folders of blobs below a store directory. */
export function createFileBlobInventory(directory: string, format: BlobFormat = plainBlobFormat): BlobInventory {
  const toStoredBlob = ({ name, sizeBytes, inode, mtimeNs }: BlobEntry): StoredBlob => ({
    name,
    sizeBytes: format.measure(sizeBytes),
    writtenAtMs: toMilliseconds(mtimeNs),
    mark: `${inode} ${mtimeNs}`,
  });
  return {
    nameOf: (digest) => format.nameOf(digest),
    async *list() {
      for await (const { blobs, leftovers } of listBlobFiles(directory)) {
        yield { blobs: blobs.map(toStoredBlob), leftovers: leftovers satisfies readonly LeftoverEntry[] };
      }
    },
    async find(name) {
      const entry = await findBlobEntry(directory, name);
      return entry === undefined ? undefined : toStoredBlob(entry);
    },
    sweep: ({ name, sizeBytes, mark }) => {
      const [inode = '', mtimeNs = ''] = mark.split(' ');
      return sweepBlob(directory, { name, sizeBytes, inode, mtimeNs });
    },
    settle: async (leftover, mayGo) => {
      const { path, name } = leftover;
      if (name === undefined) return removeLeftover(path);
      return settleSwept(directory, { path, name }, ({ mtimeNs }) => mayGo(toMilliseconds(mtimeNs)));
    },
    async removeLeftover({ path }: Leftover) {
      if (!(await removeLeftover(path))) return false;
      await syncFolder(dirname(path));
      return true;
    },
    async readStored(name) {
      const place = placeOfBlob(directory, name);
      await putBackSwept(place);
      try {
        return await readFile(place.path);
      } catch (error) {
        if (isAbsent(error) || (await isFaultOfFile(error, place.folder))) return undefined;
        throw error;
      }
    },
    async writeStored(name, stored) {
      const place = placeOfBlob(directory, name);
      await createFolder(place.folder);
      await writeFileDurably(place.folder, place.name, stored);
    },
    async remove(name) {
      const place = placeOfBlob(directory, name);
      await rm(place.path, { recursive: true, force: true });
      // What was removed because it was plain text must not come back with a power cut.
      await syncFolder(place.folder);
    },
  };
}

function toMilliseconds(mtimeNs: string): number {
  return Number(BigInt(mtimeNs) / 1_000_000n);
}
