import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobName } from '../blob-format.ts';
import { listBlobFolders, placeOfBlob } from './blob-place.ts';
import { isAbsent } from './file-faults.ts';
import { asideSuffixes, type FileState } from './set-aside.ts';

/** A blob's file as it was listed. */
export interface BlobEntry extends FileState {
  readonly name: BlobName;
  readonly sizeBytes: number;
}

/** A file that is no blob: left by a write that was killed, by a sweep, or put aside as damaged. */
export interface LeftoverEntry {
  readonly kind: 'temporary' | 'swept' | 'damaged';
  readonly path: string;
  /** Of a swept one, the blob that it was. */
  readonly name: BlobName | undefined;
  readonly sizeBytes: number;
  /** When it became what it is, milliseconds since 1970. */
  readonly sinceMs: number;
}

export interface BlobFolderListing {
  readonly blobs: readonly BlobEntry[];
  readonly leftovers: readonly LeftoverEntry[];
}

const statsAtOnce = 32;
const blobName = /^[0-9a-f]{62}$/;
const sweptName = /^\.([0-9a-f]{62})\.[0-9a-f]+\.swept$/;

/** Lists everything below `blobs/`, a folder at a time: 1/256 of a store is in memory. Files of others are left out. */
export async function* listBlobFiles(directory: string): AsyncGenerator<BlobFolderListing> {
  for (const { prefix, folder } of listBlobFolders(directory)) {
    const names = await readNames(folder);
    const blobs: BlobEntry[] = [];
    const leftovers: LeftoverEntry[] = [];
    for (let start = 0; start < names.length; start += statsAtOnce) {
      const chunk = names.slice(start, start + statsAtOnce);
      const stats = await Promise.all(chunk.map((name) => findStats(join(folder, name))));
      for (const [index, name] of chunk.entries()) {
        const found = stats[index];
        if (found === undefined) continue;
        if (blobName.test(name)) {
          // A folder in a blob's place is set aside by whoever needs the place; until then it is left alone.
          if (!found.isDirectory()) blobs.push(toBlobEntry(`${prefix}${name}`, found));
        } else {
          const leftover = toLeftover(prefix, name, join(folder, name), found);
          if (leftover !== undefined) leftovers.push(leftover);
        }
      }
    }
    if (names.length > 0) yield { blobs, leftovers };
  }
}

/** One blob's file, as listing gives it. */
export async function findBlobEntry(directory: string, name: BlobName): Promise<BlobEntry | undefined> {
  const found = await findStats(placeOfBlob(directory, name).path);
  return found === undefined || found.isDirectory() ? undefined : toBlobEntry(name, found);
}

function toBlobEntry(name: BlobName, found: BigIntStats): BlobEntry {
  return { name, sizeBytes: Number(found.size), inode: String(found.ino), mtimeNs: String(found.mtimeNs) };
}

function toLeftover(prefix: string, name: string, path: string, found: BigIntStats): LeftoverEntry | undefined {
  const sizeBytes = Number(found.size);
  const swept = sweptName.exec(name)?.[1];
  if (swept !== undefined) {
    return { kind: 'swept', path, name: `${prefix}${swept}`, sizeBytes, sinceMs: Number(found.mtimeMs) };
  }
  if (/^\..*\.tmp$/.test(name)) {
    return { kind: 'temporary', path, name: undefined, sizeBytes, sinceMs: Number(found.mtimeMs) };
  }
  // A rename leaves the time of the content as it was and changes that of the entry.
  if (name.endsWith(asideSuffixes.damaged)) {
    return { kind: 'damaged', path, name: undefined, sizeBytes, sinceMs: Number(found.ctimeMs) };
  }
  return undefined;
}

async function readNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function findStats(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
