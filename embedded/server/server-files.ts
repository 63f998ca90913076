import { open, readFile, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Where the server of a store keeps its things. */
export interface ServerFiles {
  readonly folder: string;
  readonly lock: string;
  readonly record: string;
  readonly log: string;
  readonly database: string;
  /** Which CLI made the database, and when: see `database.ts`. */
  readonly databaseStamp: string;
}

export function locateServerFiles(storeDirectory: string): ServerFiles {
  const folder = resolve(storeDirectory, 'temporal'); // the server runs in another folder than its starter
  return {
    folder,
    lock: join(folder, 'server.lock'),
    record: join(folder, 'server.json'),
    log: join(folder, 'server.log'),
    database: join(folder, 'temporal.db'),
    databaseStamp: join(folder, 'temporal.db.json'),
  };
}

/** The object in a JSON file; undefined when there is no such file or no object in it. */
export async function readJsonObject(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces a JSON file in one step and has it on disk before it returns. */
export async function writeJsonObject(path: string, value: object): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(value, undefined, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
