import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiskImage } from './disk.ts';

const memory = '/dev/shm';
const wantedBytes = 512 * 1024 * 1024;

/** Where images are laid out: in memory where the system has a folder for that, since they are many and short-lived. */
export function makeImageFolder(): string {
  const folder = hasRoomInMemory() ? memory : tmpdir();
  return mkdtempSync(join(folder, 'stet-images-'));
}

/** In containers there often is next to none. */
function hasRoomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= wantedBytes;
  } catch {
    return false;
  }
}

/** Lays an image out in a folder, which it makes anew. */
export function writeImage({ folders, files }: DiskImage, target: string): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  for (const folder of folders) mkdirSync(join(target, folder));
  for (const [path, bytes] of files) writeFileSync(join(target, path), bytes);
}
