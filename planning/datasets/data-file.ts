import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { distance } from 'fastest-levenshtein';
import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { createDigester } from '../../evaluation/fingerprint/digest.ts';
import type { FileStat } from '../../storage/dataset-cache.ts';

/** A file opened once and read as often as needed: another file moved to its path meanwhile is not seen. */
export interface DataFile {
  readonly path: string;
  stat(): Promise<FileStat>;
  /** SHA-256 of the content as it is now. */
  digest(): Promise<Digest>;
  /**
   * The content in pieces.
   *
   * @throws What `makeChangedError` makes, at the end, when the bytes read are not those of `expected`.
   */
  readChunks(expected: Digest, makeChangedError: () => Error): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

const chunkBytes = 256 * 1024;

/**
 * @throws {EvaluationError} `config-file-missing` with the nearest file name of the folder as hint; `dataset-invalid`
 *   for what is no file or may not be read.
 */
export async function openDataFile(datasetKey: string, path: string): Promise<DataFile> {
  const handle = await openToRead(datasetKey, path);
  return {
    path,
    async stat() {
      const stat = await handle.stat({ bigint: true });
      return {
        device: String(stat.dev),
        inode: String(stat.ino),
        sizeBytes: Number(stat.size),
        mtimeNs: String(stat.mtimeNs),
        ctimeNs: String(stat.ctimeNs),
      };
    },
    async digest() {
      const digester = createDigester();
      for await (const chunk of readAll(handle)) digester.update(chunk);
      return digester.digest();
    },
    async *readChunks(expected, makeChangedError) {
      const digester = createDigester();
      for await (const chunk of readAll(handle)) {
        digester.update(chunk);
        yield chunk;
      }
      if (digester.digest() !== expected) throw makeChangedError();
    },
    close: () => handle.close(),
  };
}

async function openToRead(datasetKey: string, path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) throw await makeMissingError(datasetKey, path);
    throw new EvaluationError('dataset-invalid', `Dataset "${datasetKey}": ${path} cannot be read.`, {
      hint: error instanceof Error ? error.message : 'Check the permissions of the file.',
      cause: error,
    });
  }
  if (!(await handle.stat()).isFile()) {
    await handle.close();
    throw new EvaluationError('dataset-invalid', `Dataset "${datasetKey}": ${path} is not a file.`, {
      hint: 'Name a .csv or .jsonl file.',
    });
  }
  return handle;
}

/** From the first byte to the last, whatever was read through the handle before. */
async function* readAll(handle: FileHandle): AsyncGenerator<Buffer> {
  let offset = 0;
  for (;;) {
    // A new buffer each time: readers keep pieces of the last one.
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(chunkBytes), 0, chunkBytes, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function makeMissingError(datasetKey: string, path: string): Promise<EvaluationError> {
  const message = `Dataset "${datasetKey}": there is no file ${path}.`;
  let names: readonly string[];
  try {
    names = await readdir(dirname(path));
  } catch {
    return new EvaluationError('config-file-missing', message, { hint: `There is no folder ${dirname(path)} either.` });
  }
  const nearest = findNearest(basename(path), names);
  return new EvaluationError('config-file-missing', message, {
    hint: nearest === undefined ? 'Paths are relative to the file that declares them.' : `Did you mean "${nearest}"?`,
  });
}

/** The most similar name, unless more than half of it would have to change. */
function findNearest(wanted: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.floor(wanted.length / 2) + 1;
  for (const name of names) {
    const found = distance(wanted.toLowerCase(), name.toLowerCase());
    if (found < bestDistance) {
      best = name;
      bestDistance = found;
    }
  }
  return best;
}
