import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type Digest, isDigest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { digestBytes } from '../../evaluation/fingerprint/digest.ts';
import type { BlobReference } from '../../evaluation/plan.ts';
import type { ContentStore } from '../content-store.ts';

import { createFolder, syncFolder, writeFileDurably } from './durable-file.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

interface BlobPlace {
  readonly folder: string;
  readonly name: string;
  readonly path: string;
}

/** Blobs as gzip files `blobs/ab/cdef…` below a store directory, readable by their owner only. */
export function createFileContentStore(directory: string): ContentStore {
  const writes = new Map<Digest, Promise<BlobReference>>();
  return {
    async put(bytes) {
      const digest = digestBytes(bytes);
      // Equal bytes put at once in this process are written once; whoever comes later checks the file again.
      const inProgress = writes.get(digest);
      if (inProgress !== undefined) return inProgress;
      const writing = putBlob(placeOf(directory, digest), digest, bytes).finally(() => writes.delete(digest));
      writes.set(digest, writing);
      return writing;
    },
    get: async (digest) => getBlob(placeOf(directory, digest), digest),
    findSize: async (digest) => findSize(placeOf(directory, digest), digest),
  };
}

async function putBlob(place: BlobPlace, digest: Digest, bytes: Uint8Array): Promise<BlobReference> {
  try {
    if (await isIntact(place, digest)) {
      // Whoever wrote the file may have died between its rename and the sync of the folder.
      await syncFolder(place.folder);
      const { size } = await stat(place.path);
      return { digest, sizeBytes: size };
    }
    // Level 1: the text of evaluations shrinks almost as far as at the default level, in a third of the time.
    const compressed = await compress(bytes, { level: 1 });
    await writeInto(place, compressed);
    return { digest, sizeBytes: compressed.byteLength };
  } catch (error) {
    throw storeFailed(`Blob ${digest} cannot be written`, error);
  }
}

/** The folder is there but for the first blob of its prefix, so it is made only when it turns out to be missing. */
async function writeInto(place: BlobPlace, bytes: Uint8Array): Promise<void> {
  try {
    await writeFileDurably(place.folder, place.name, bytes);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await createFolder(place.folder);
    await writeFileDurably(place.folder, place.name, bytes);
  }
}

async function isIntact(place: BlobPlace, digest: Digest): Promise<boolean> {
  const stored = await readStored(place);
  return stored !== undefined && (await findPlain(stored, digest)) !== undefined;
}

async function getBlob(place: BlobPlace, digest: Digest): Promise<Uint8Array> {
  let stored: Uint8Array | undefined;
  try {
    stored = await readStored(place);
  } catch (error) {
    if (codeOf(error) === 'EIO') throw damaged(digest, error);
    throw storeFailed(`Blob ${digest} cannot be read`, error);
  }
  if (stored === undefined) throw new EvaluationError('blob-missing', `Blob ${digest} is not in the store.`);
  const plain = await findPlain(stored, digest);
  if (plain !== undefined) return plain;
  // Out of the way, kept for looking at: the next look-up, which does not read blobs, then sees that it is lost.
  await rename(place.path, `${place.path}.damaged`).catch(() => undefined);
  throw damaged(digest);
}

async function findSize(place: BlobPlace, digest: Digest): Promise<number | undefined> {
  try {
    const found = await stat(place.path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw storeFailed(`Blob ${digest} cannot be looked at`, error);
  }
}

async function readStored(place: BlobPlace): Promise<Uint8Array | undefined> {
  try {
    return await readFile(place.path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The plain bytes, or undefined where they are not those that the digest names. */
async function findPlain(stored: Uint8Array, digest: Digest): Promise<Uint8Array | undefined> {
  const plain = await decompress(stored).catch(() => undefined);
  return plain !== undefined && digestBytes(plain) === digest ? plain : undefined;
}

function placeOf(directory: string, digest: Digest): BlobPlace {
  // A digest becomes a path: anything else, such as `../`, must not.
  if (!isDigest(digest)) throw new EvaluationError('internal', `"${String(digest)}" is not a digest.`);
  const hex = digest.slice('sha256:'.length);
  const folder = join(directory, 'blobs', hex.slice(0, 2));
  const name = hex.slice(2);
  return { folder, name, path: join(folder, name) };
}

function damaged(digest: Digest, cause?: unknown): EvaluationError {
  return new EvaluationError('blob-damaged', `Blob ${digest} is damaged: its content is not what its name says.`, {
    cause,
  });
}

function storeFailed(what: string, cause: unknown): EvaluationError {
  const code = codeOf(cause);
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'The disk is full: make room, then run the same command again.'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'Check who may write to the store directory.'
        : undefined;
  return new EvaluationError('store-failed', `${what}${code === undefined ? '' : ` (${code})`}.`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
