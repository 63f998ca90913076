import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Files below a directory in which any of the marks stands, as it is or within gzip; paths from the directory. */
export async function findPlainText(directory: string, marks: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    // The files beside a database come and go.
    const bytes = await readFile(file).catch(ignoreAbsent);
    if (bytes === undefined) continue;
    const unpacked = tryGunzip(bytes);
    if (marks.some((mark) => bytes.includes(mark) || unpacked?.includes(mark) === true)) {
      found.push(path.relative(directory, file));
    }
  }
  return found.toSorted();
}

function tryGunzip(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
}

function ignoreAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
