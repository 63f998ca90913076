import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Digest } from '../contracts/digest.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { digestBytes } from '../evaluation/fingerprint/digest.ts';
import type { ContentStore } from './content-store.ts';

/** Blobs for the time of one command. */
export interface PassingContentStore extends ContentStore, AsyncDisposable {}

const defaultMemoryBytes = 64 * 1_024 * 1_024;

interface Place {
  readonly position: number;
  readonly sizeBytes: number;
}

/**
 * Keeps blobs in memory, and beyond `memoryBytes` in a file that has no name any more when the first one comes: nobody
 * else can open it, and however the process ends nothing is left behind.
 */
export function createPassingContentStore(memoryBytes = defaultMemoryBytes): PassingContentStore {
  const inMemory = new Map<Digest, Uint8Array>();
  const inFile = new Map<Digest, Promise<Place>>();
  let usedBytes = 0;
  let fileBytes = 0;
  let file: ReturnType<typeof openNameless> | undefined;

  const write = async (bytes: Uint8Array): Promise<Place> => {
    file ??= openNameless();
    const position = fileBytes;
    fileBytes += bytes.byteLength;
    const handle = await file;
    await handle.write(bytes, 0, bytes.byteLength, position);
    return { position, sizeBytes: bytes.byteLength };
  };
  const read = async ({ position, sizeBytes }: Place): Promise<Uint8Array> => {
    const bytes = new Uint8Array(sizeBytes);
    await (await file)?.read(bytes, 0, sizeBytes, position);
    return bytes;
  };
  const findSize = async (digest: Digest): Promise<number | undefined> =>
    inMemory.get(digest)?.byteLength ?? (await inFile.get(digest))?.sizeBytes;

  return {
    async put(bytes) {
      const digest = digestBytes(bytes);
      if (!inMemory.has(digest) && !inFile.has(digest)) {
        if (usedBytes + bytes.byteLength > memoryBytes) {
          inFile.set(digest, write(bytes));
        } else {
          usedBytes += bytes.byteLength;
          inMemory.set(digest, Uint8Array.from(bytes));
        }
      }
      await inFile.get(digest);
      return { digest, sizeBytes: bytes.byteLength };
    },
    async get(digest) {
      const known = inMemory.get(digest);
      if (known !== undefined) return known;
      const place = await inFile.get(digest);
      if (place !== undefined) return read(place);
      throw new EvaluationError('blob-missing', `There is no blob ${digest}.`);
    },
    findSize,
    touch: async (digest) => (await findSize(digest)) !== undefined,
    async [Symbol.asyncDispose]() {
      await (await file)?.close();
    },
  };
}

async function openNameless() {
  const folder = await mkdtemp(path.join(tmpdir(), 'stet-passing-'));
  try {
    return await open(path.join(folder, 'blobs'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
}
