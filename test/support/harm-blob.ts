import { mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '../../contracts/digest.ts';

/** What can happen to the file of a blob. */
export const harms = ['lost', 'truncated', 'emptied', 'replaced', 'folder', 'unreadable', 'flipped'] as const;
export type Harm = (typeof harms)[number];

/** Whether a look at name and size shows it; the rest only shows to whoever reads. */
export function isSeenBySize(harm: Harm): boolean {
  return harm !== 'flipped';
}

export async function harmBlob(storeDirectory: string, digest: Digest, harm: Harm): Promise<void> {
  const hex = digest.slice('sha256:'.length);
  const file = path.join(storeDirectory, 'blobs', hex.slice(0, 2), hex.slice(2));
  const bytes = await readFile(file);
  switch (harm) {
    case 'truncated':
      return truncate(file, Math.floor(bytes.byteLength / 2));
    case 'emptied':
      return truncate(file, 0);
    case 'replaced':
      return writeFile(file, 'the content of another file');
    case 'flipped':
      bytes[bytes.byteLength - 6] = (bytes.at(-6) ?? 0) ^ 1; // within the check sum
      return writeFile(file, bytes);
    case 'lost':
      return rm(file);
    case 'folder':
      await rm(file);
      await mkdir(file);
      return;
    case 'unreadable':
      await rm(file);
      return symlink(file, file); // opens for nobody, not even for the super-user
  }
}
