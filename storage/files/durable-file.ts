import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from './file-faults.ts';

/** Makes the entries of a folder (new names, renames) survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Creates a folder for its owner only, with its parents. On return its name survives a power cut, also where it was there
 * before: whoever made it may have been killed in between. Each folder is synced into the one above it before anything
 * is made within it, so that one that has content hangs on nothing that can be lost.
 */
export async function createFolder(folder: string): Promise<void> {
  const parent = dirname(folder);
  const isNew = await makeFolder(folder).catch(async (error: unknown) => {
    if (codeOf(error) !== 'ENOENT' || parent === folder) throw error;
    await createFolder(parent);
    return makeFolder(folder);
  });
  await syncFolder(parent).catch((error: unknown) => {
    // The folder above may be one that others set up, and that may be passed through but not opened.
    if (isNew || !['EACCES', 'EPERM'].includes(codeOf(error) ?? '')) throw error;
  });
}

/** False where there is one. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    // A file in its place, for example, and what may not be written to but is there (macOS says EISDIR of the root).
    if ((await stat(folder).catch(() => undefined))?.isDirectory() !== true) throw error;
    return false;
  }
}

/**
 * Writes a whole file so that its name shows either what was there before or all of the new bytes, also after a power
 * cut. A failure leaves no temporary file behind; a process killed midway may, under a name that nothing reads.
 */
export async function writeFileDurably(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(folder, `.${name}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}
