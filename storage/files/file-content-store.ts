import { readFile, stat, utimes } from 'node:fs/promises';
import { type Digest, isDigest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { digestBytes } from '../../evaluation/fingerprint/digest.ts';
import type { BlobReference } from '../../evaluation/plan.ts';
import { type BlobFormat, plainBlobFormat } from '../blob-format.ts';
import type { ContentStore } from '../content-store.ts';
import type { StoreAccess } from '../store-access.ts';
import { type BlobFolders, createBlobFolders } from './blob-folders.ts';
import { type BlobPlace, placeOfBlob } from './blob-place.ts';
import { syncFolder, writeFileDurably } from './durable-file.ts';
import { codeOf, isAbsent, isFaultOfFile, storeFailed } from './file-faults.ts';
import { type FileState, findFileState, putBackSwept, setAside } from './set-aside.ts';

/** A blob in its place and its format. */
interface FiledBlob {
  readonly digest: Digest;
  readonly place: BlobPlace;
  readonly format: BlobFormat;
  /** With `read`, what is damaged stays where it is, and what a sweep holds aside as well. */
  readonly access: StoreAccess;
}

/** Blobs as files `blobs/ab/cdef…` below a store directory, readable by their owner only. */
export function createFileContentStore(
  directory: string,
  format: BlobFormat = plainBlobFormat,
  access: StoreAccess = 'write',
): ContentStore {
  const locate = (digest: Digest): FiledBlob => {
    if (!isDigest(digest)) throw new EvaluationError('internal', `"${String(digest)}" is not a digest.`);
    return { digest, place: placeOfBlob(directory, format.nameOf(digest)), format, access };
  };
  const writes = new Map<Digest, Promise<BlobReference>>();
  const folders = createBlobFolders(directory);
  return {
    async put(bytes) {
      const digest = digestBytes(bytes);
      // Equal bytes put at once in this process are written once; whoever comes later checks the file again.
      const inProgress = writes.get(digest);
      if (inProgress !== undefined) return inProgress;
      const writing = putBlob(folders, locate(digest), bytes).finally(() => writes.delete(digest));
      writes.set(digest, writing);
      return writing;
    },
    get: async (digest) => getBlob(locate(digest)),
    findSize: async (digest) => findSize(locate(digest)),
    touch: async (digest) => {
      const blob = locate(digest);
      const { place } = blob;
      try {
        if (!(await touch(place)) && !((await putBackSwept(place)) && (await touch(place)))) return false;
      } catch (error) {
        throw storeFailed(`Blob ${digest} cannot be touched`, error);
      }
      return (await findSize(blob)) !== undefined;
    },
  };
}

async function putBlob(folders: BlobFolders, blob: FiledBlob, bytes: Uint8Array): Promise<BlobReference> {
  const { digest, place, format } = blob;
  try {
    // Touched before it is verified, never after: a garbage collection takes a file away only if its time stamp is the one
    // that it had seen (see sweep-blob.ts). What it takes between the touch and the look is missed by the look.
    if (await touch(place)) {
      const stored = await readBlob(blob);
      if (stored.is === 'intact') {
        // Whoever wrote the file may have died between its rename and the sync of the folder, or before.
        await folders.ensure(place.folder);
        await syncFolder(place.folder);
        return { digest, sizeBytes: stored.sizeBytes };
      }
    }
    const encoded = await format.encode(digest, bytes);
    await writeInto(folders, place, encoded);
    return { digest, sizeBytes: format.measure(encoded.byteLength) };
  } catch (error) {
    if (error instanceof EvaluationError) throw error;
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

async function getBlob(blob: FiledBlob): Promise<Uint8Array> {
  const { digest, place, access } = blob;
  try {
    const first = await readBlob(blob);
    if (first.is === 'intact') return first.plain;
    if (first.is === 'absent' && (access === 'read' || !(await putBackSwept(place)))) throw makeMissing(digest);
    // A second look, now at a file that can be told from what somebody may put in its place.
    const state = await findFileState(place.path);
    const second = await readBlob(blob);
    if (second.is === 'intact') return second.plain;
    if (second.is === 'absent') throw makeMissing(digest);
    // Out of the way, kept for looking at: the next look-up, which does not read blobs, then sees that it is lost.
    if (access === 'write') await setDamagedAside(place, state).catch(() => undefined);
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

async function findSize({ digest, place, format, access }: FiledBlob): Promise<number | undefined> {
  const findFileSize = async () => {
    const found = await findStoredSize(place);
    return typeof found === 'number' ? format.measure(found) : found;
  };
  try {
    const size = await findFileSize();
    if (size !== 'absent') return size;
    if (access === 'read' || !(await putBackSwept(place))) return undefined;
    const sizeAgain = await findFileSize();
    return sizeAgain === 'absent' ? undefined : sizeAgain;
  } catch (error) {
    if (await isFaultOfFile(error, place.folder)) return undefined;
    throw storeFailed(`Blob ${digest} cannot be looked at`, error);
  }
}

async function findStoredSize(place: BlobPlace): Promise<number | undefined | 'absent'> {
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
async function readBlob({ digest, place, format }: FiledBlob): Promise<ReadBlob> {
  try {
    const stored = await readFile(place.path);
    const plain = await format.decode(digest, stored);
    if (plain === undefined) return { is: 'damaged' };
    return { is: 'intact', plain, sizeBytes: format.measure(stored.byteLength) };
  } catch (error) {
    if (error instanceof EvaluationError) throw error; // of the format: a key that is missing, for example
    if (isAbsent(error)) return { is: 'absent' };
    if (await isFaultOfFile(error, place.folder)) return { is: 'damaged', cause: error };
    throw error;
  }
}
