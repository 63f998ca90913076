import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Makes the entries of a folder (new names, renames) survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates a folder for its owner only, with its parents, and makes the new names durable. */
export async function createFolder(folder: string): Promise<void> {
  const firstCreated = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (firstCreated === undefined) return;
  // Each new folder is an entry of the one above it: a name is durable once the folder that holds it is synced.
  for (let current = folder; ; current = dirname(current)) {
    await syncFolder(dirname(current));
    if (current === firstCreated || current === dirname(current)) return;
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
