import { rm, unlink } from 'node:fs/promises';
import type { BlobEntry } from './blob-files.ts';
import { placeOfBlob } from './blob-place.ts';
import { isAbsent } from './file-faults.ts';
import { type FileState, findFileState, putBack, setAside } from './set-aside.ts';

/**
 * Removes a blob that nothing referred to, unless somebody has put it meanwhile.
 *
 * The race is with `put` of bytes that are in the store already. A collection (1) lists files with their time stamps, (2)
 * then reads all references from one state of the database, and (3) sweeps what is old and not referred to: it renames the
 * file aside, looks at the time stamp again, and removes it only if that is the one listed. A put (a) sets the time stamp,
 * (b) then reads and verifies the file, writing it anew if it is not there, and returns; (c) later its caller registers
 * the reference. Wherever the rename of 3 falls:
 *
 * - before a: the touch finds no file, and the put writes a new one, which the sweep does not know;
 * - between a and b: the read finds no file, and the put writes a new one;
 * - after b: the file aside has another time stamp than the one listed, if a came after 1, and is put back. A reader that
 *   meets the gap links it back itself, also should the sweep be killed in it (`putBackSwept`).
 *
 * If a came before 1, the file was listed with the new time stamp. Then it is not old, and no candidate, for the whole
 * grace time: the promise holds for everybody who registers within the grace time of his put. A reference that was
 * registered before the put holds even without grace: registered before 2 it is seen by 2; registered after 2, its put
 * touched the file after 1.
 */
export async function sweepBlob(directory: string, { name, ...listed }: BlobEntry): Promise<boolean> {
  const aside = await setAside(placeOfBlob(directory, name), listed, 'swept');
  return aside !== undefined && (await removeIfThere(aside));
}

/**
 * Deals with what a sweep that was killed, or another at work, holds aside: as in its own place, what is referred to or
 * was touched within the grace time goes back.
 */
export async function settleSwept(
  directory: string,
  aside: { readonly path: string; readonly name: BlobEntry['name'] },
  mayGo: (state: FileState) => boolean,
): Promise<boolean> {
  const state = await findFileState(aside.path);
  if (state === undefined) return false;
  const { path } = placeOfBlob(directory, aside.name);
  if ((await findFileState(path)) === undefined && !mayGo(state)) {
    await putBack(aside.path, path);
    return false;
  }
  return removeIfThere(aside.path);
}

/** Removes a temporary file, or a damaged blob, which may be a folder; false where it has gone already. */
export async function removeLeftover(path: string): Promise<boolean> {
  if ((await findFileState(path)) === undefined) return false;
  await rm(path, { recursive: true, force: true });
  return true;
}

async function removeIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}
