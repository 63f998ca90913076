import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CliPin } from './pinned-cli.ts';

/** Puts the executable somewhere under a folder; says where, or why it could not. */
export type CliFetcher = (folder: string) => Promise<{ readonly path: string } | { readonly problem: string }>;

const incomingPrefix = 'incoming-';

/**
 * Fetches the executable beside its target, verifies it and renames it: the target is either absent or right.
 *
 * The caller holds the lock of the folder.
 *
 * @returns What went wrong, for people; undefined when the target is in place.
 */
export async function installCli(
  target: string,
  { pin, fetch }: { readonly pin: CliPin; readonly fetch: CliFetcher },
): Promise<string | undefined> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await removeLeftovers(dirname(target));
  const folder = await mkdtemp(join(dirname(target), incomingPrefix));
  try {
    const fetched = await fetch(folder);
    if ('problem' in fetched) return fetched.problem;
    const problem = await findMismatch(fetched.path, pin);
    if (problem !== undefined) return problem;
    await chmod(fetched.path, 0o755);
    await syncFile(fetched.path);
    await rename(fetched.path, target);
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of commands that were killed while they fetched. */
async function removeLeftovers(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(incomingPrefix));
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

async function findMismatch(path: string, pin: CliPin): Promise<string | undefined> {
  const { size } = await stat(path);
  if (size !== pin.sizeBytes)
    return `the executable has ${size} bytes instead of the pinned ${pin.sizeBytes}; it was not run`;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  const digest = hash.digest('hex');
  return digest === pin.sha256
    ? undefined
    : `the executable has SHA-256 ${digest} instead of the pinned ${pin.sha256}; it was not run`;
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
