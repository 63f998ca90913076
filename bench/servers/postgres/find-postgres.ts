import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import path from 'node:path';

const debianFolder = '/usr/lib/postgresql';

/** The folder of PostgreSQL's server programs: on `PATH`, else the newest that Debian installed; undefined where there is none. */
export async function findPostgres(): Promise<string | undefined> {
  const named = (process.env['PATH'] ?? '').split(path.delimiter);
  const versions = await readdir(debianFolder).catch((): string[] => []);
  const installed = versions
    .sort((left, right) => Number(right) - Number(left))
    .map((version) => path.join(debianFolder, version, 'bin'));
  for (const folder of [...named, ...installed]) {
    if (folder !== '' && (await holds(folder, 'initdb')) && (await holds(folder, 'postgres'))) return folder;
  }
  return undefined;
}

function holds(folder: string, program: string): Promise<boolean> {
  return access(path.join(folder, program), constants.X_OK).then(
    () => true,
    () => false,
  );
}
