import { randomBytes } from 'node:crypto';
import { link, lstat, readdir, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobPlace } from './blob-place.ts';
import { syncFolder } from './durable-file.ts';
import { codeOf, isAbsent } from './file-faults.ts';

/** What tells whether a name still shows the same file, untouched. Text, since both are beyond exact numbers. */
export interface FileState {
  readonly inode: string;
  readonly mtimeNs: string;
}

/**
 * Blobs are taken from their place in two steps: renamed aside, looked at again, and only then given up. There is no way
 * to remove a name only if it still shows a certain file; but once the file is aside, nobody can put another in its
 * place, and whoever did so before is seen.
 *
 * Names aside begin with the name of the blob, so that what a killed process left is found again: a reader that finds no
 * file under a name looks for one aside and links it back.
 */
export const asideSuffixes = { swept: '.swept', damaged: '.damaged' } as const;
export type AsideKind = keyof typeof asideSuffixes;

/** State of the file under a path, or undefined where there is none. */
export async function findFileState(path: string): Promise<FileState | undefined> {
  try {
    const { ino, mtimeNs } = await lstat(path, { bigint: true });
    return { inode: String(ino), mtimeNs: String(mtimeNs) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

export function isSameState(left: FileState, right: FileState): boolean {
  return left.inode === right.inode && left.mtimeNs === right.mtimeNs;
}

/**
 * Takes a file from its place if it still is the one that was looked at.
 *
 * @param expected - The file as it was looked at.
 * @returns Where it is now; undefined where it has gone, or another (or a touched one) was there, which then is back.
 */
export async function setAside(
  { folder, name, path }: BlobPlace,
  expected: FileState,
  kind: AsideKind,
): Promise<string | undefined> {
  const before = await findFileState(path);
  if (before === undefined || !isSameState(before, expected)) return undefined;
  // A swept one is dotted: it is on its way out, not something to look at.
  const aside = join(
    folder,
    `${kind === 'swept' ? '.' : ''}${name}.${randomBytes(6).toString('hex')}${asideSuffixes[kind]}`,
  );
  try {
    await rename(path, aside);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  const moved = await findFileState(aside);
  if (moved !== undefined && isSameState(moved, expected)) return aside;
  await putBack(aside, path);
  return undefined;
}

/**
 * Gives a file aside its place again, unless another has taken it meanwhile: that one is as good, and newer. By link, not
 * by rename, which would replace a file that was just put, and its time stamp with it.
 */
export async function putBack(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return; // somebody else has put it back
    if (code !== 'EEXIST') {
      // No links here (some network and FAT file systems, folders): the name is free but for a moment's race.
      if ((await findFileState(path)) === undefined) await rename(aside, path).catch(ignoreAbsent);
      else await rm(aside, { recursive: true, force: true });
      return;
    }
  }
  // Of two changes of names a power cut may keep the second alone, and the file would have none.
  await syncFolder(dirname(path));
  await unlink(aside).catch(ignoreAbsent);
}

/**
 * Puts back what a sweep that was killed, or is at work this moment, holds aside of a blob.
 *
 * @returns Whether the name may show a file now that did not before.
 */
export async function putBackSwept({ folder, name, path }: BlobPlace): Promise<boolean> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (isAbsent(error)) return [];
    throw error;
  });
  const asides = names.filter((each) => each.startsWith(`.${name}.`) && each.endsWith(asideSuffixes.swept));
  for (const aside of asides) await putBack(join(folder, aside), path);
  // A sweep may have put it back by itself between the look at the name and the look at the folder.
  return asides.length > 0 || names.includes(name);
}

export function ignoreAbsent(error: unknown): void {
  if (!isAbsent(error)) throw error;
}
