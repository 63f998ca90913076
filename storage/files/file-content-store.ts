import { readFile, stat, utimes } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { digestBytes } from '../../evaluation/fingerprint/digest.ts';
import type { BlobReference } from '../../evaluation/plan.ts';
import type { ContentStore } from '../content-store.ts';
import { type BlobFolders, createBlobFolders } from './blob-folders.ts';
import { type BlobPlace, placeOfBlob } from './blob-place.ts';
import { syncFolder, writeFileDurably } from './durable-file.ts';
import { codeOf, isAbsent, isFaultOfFile, storeFailed } from './file-faults.ts';
import { type FileState, findFileState, putBackSwept, setAside } from './set-aside.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Blobs as gzip files `blobs/ab/cdef…` below a store directory, readable by their owner only. */
export function createFileContentStore(directory: string): ContentStore {
  const writes = new Map<Digest, Promise<BlobReference>>();
  const folders = createBlobFolders(directory);
  return {
    async put(bytes) {
      const digest = digestBytes(bytes);
      // Equal bytes put at once in this process are written once; whoever comes later checks the file again.
      const inProgress = writes.get(digest);
      if (inProgress !== undefined) return inProgress;
      const writing = putBlob(folders, placeOfBlob(directory, digest), digest, bytes).finally(() =>
        writes.delete(digest),
      );
      writes.set(digest, writing);
      return writing;
    },
    get: async (digest) => getBlob(placeOfBlob(directory, digest), digest),
    findSize: async (digest) => findSize(placeOfBlob(directory, digest), digest),
    touch: async (digest) => {
      const place = placeOfBlob(directory, digest);
      try {
        if (!(await touch(place)) && !((await putBackSwept(place)) && (await touch(place)))) return false;
      } catch (error) {
        throw storeFailed(`Blob ${digest} cannot be touched`, error);
      }
      return (await findSize(place, digest)) !== undefined;
    },
  };
}

async function putBlob(
  folders: BlobFolders,
  place: BlobPlace,
  digest: Digest,
  bytes: Uint8Array,
): Promise<BlobReference> {
  try {
    // Touched before it is verified, never after: a garbage collection takes a file away only if its time stamp is the one
    // that it had seen (see sweep-blob.ts). What it takes between the touch and the look is missed by the look.
    if (await touch(place)) {
      const stored = await readBlob(place, digest);
      if (stored.is === 'intact') {
        // Whoever wrote the file may have died between its rename and the sync of the folder, or before.
        await folders.ensure(place.folder);
        await syncFolder(place.folder);
        return { digest, sizeBytes: stored.sizeBytes };
      }
    }
    // Level 1: the text of evaluations shrinks almost as far as at the default level, in a third of the time.
    const compressed = await compress(bytes, { level: 1 });
    await writeInto(folders, place, compressed);
    return { digest, sizeBytes: compressed.byteLength };
  } catch (error) {
    throw storeFailed(`Blob ${digest} cannot be written`, error);
  }
}

/** Sets the time stamp of the file that has the name; false where there is none, or none that can be used. */
async function touch({ folder, path }: BlobPlace): Promise<boolean> {
  // To the microsecond: with whole milliseconds two touches could leave the same stamp.
  const now = (performance.timeOrigin + performance.now()) / 1_000;
  try {
    await utimes(path, now, now);
    return true;
  } catch (error) {
    if (isAbsent(error) || (await isFaultOfFile(error, folder))) return false;
    throw error;
  }
}

async function writeInto(folders: BlobFolders, place: BlobPlace, bytes: Uint8Array): Promise<void> {
  try {
    await folders.ensure(place.folder);
    await writeFileDurably(place.folder, place.name, bytes);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') {
      // It was there, and somebody has removed it.
      folders.forget(place.folder);
      await folders.ensure(place.folder);
    }
    // A folder in the place of the blob, which no file can replace.
    else if (code === 'EISDIR' || code === 'ENOTEMPTY' || code === 'EEXIST') await setDamagedAside(place);
    else throw error;
    await writeFileDurably(place.folder, place.name, bytes);
  }
}

async function getBlob(place: BlobPlace, digest: Digest): Promise<Uint8Array> {
  try {
    const first = await readBlob(place, digest);
    if (first.is === 'intact') return first.plain;
    if (first.is === 'absent' && !(await putBackSwept(place))) throw makeMissing(digest);
    // A second look, now at a file that can be told from what somebody may put in its place.
    const state = await findFileState(place.path);
    const second = await readBlob(place, digest);
    if (second.is === 'intact') return second.plain;
    if (second.is === 'absent') throw makeMissing(digest);
    // Out of the way, kept for looking at: the next look-up, which does not read blobs, then sees that it is lost.
    await setDamagedAside(place, state).catch(() => undefined);
    throw new EvaluationError('blob-damaged', `Blob ${digest} is damaged: its content is not what its name says.`, {
      cause: second.cause,
    });
  } catch (error) {
    if (error instanceof EvaluationError) throw error;
    throw storeFailed(`Blob ${digest} cannot be read`, error);
  }
}

function makeMissing(digest: Digest): EvaluationError {
  return new EvaluationError('blob-missing', `Blob ${digest} is not in the store.`);
}

async function setDamagedAside(place: BlobPlace, seen?: FileState): Promise<void> {
  const state = seen ?? (await findFileState(place.path));
  if (state !== undefined) await setAside(place, state, 'damaged');
}

async function findSize(place: BlobPlace, digest: Digest): Promise<number | undefined> {
  try {
    const size = await findFileSize(place);
    if (size !== 'absent') return size;
    if (!(await putBackSwept(place))) return undefined;
    const sizeAgain = await findFileSize(place);
    return sizeAgain === 'absent' ? undefined : sizeAgain;
  } catch (error) {
    if (await isFaultOfFile(error, place.folder)) return undefined;
    throw storeFailed(`Blob ${digest} cannot be looked at`, error);
  }
}

async function findFileSize(place: BlobPlace): Promise<number | undefined | 'absent'> {
  try {
    const found = await stat(place.path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isAbsent(error)) return 'absent';
    throw error;
  }
}

type ReadBlob =
  | { readonly is: 'intact'; readonly plain: Uint8Array; readonly sizeBytes: number }
  | { readonly is: 'absent' }
  | { readonly is: 'damaged'; readonly cause?: unknown };

/** Reads and verifies. Throws only what says nothing about the blob, such as too many open files. */
async function readBlob(place: BlobPlace, digest: Digest): Promise<ReadBlob> {
  try {
    const stored = await readFile(place.path);
    const plain = await findPlain(stored, digest);
    return plain === undefined ? { is: 'damaged' } : { is: 'intact', plain, sizeBytes: stored.byteLength };
  } catch (error) {
    if (isAbsent(error)) return { is: 'absent' };
    if (await isFaultOfFile(error, place.folder)) return { is: 'damaged', cause: error };
    throw error;
  }
}

/** The plain bytes, or undefined where they are not those that the digest names. */
async function findPlain(stored: Uint8Array, digest: Digest): Promise<Uint8Array | undefined> {
  let plain: Uint8Array;
  try {
    plain = await decompress(stored);
  } catch (error) {
    if (codeOf(error) === 'Z_MEM_ERROR') throw error; // the machine's trouble, not the blob's
    return undefined;
  }
  return digestBytes(plain) === digest ? plain : undefined;
}
