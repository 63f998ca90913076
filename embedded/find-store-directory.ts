import { existsSync } from 'node:fs';
import path from 'node:path';

/** `--store`, else `STET_STORE`, else the nearest `.stet/` upwards, else `./.stet/`; absolute. */
export function findStoreDirectory(options: {
  readonly store: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
}): string {
  const { store, environment, workingDirectory } = options;
  const named = store ?? environment['STET_STORE'];
  if (named !== undefined && named !== '') return path.resolve(workingDirectory, named);
  for (let folder = path.resolve(workingDirectory); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, '.stet');
    if (existsSync(candidate)) return candidate;
    if (folder === path.dirname(folder)) return path.join(path.resolve(workingDirectory), '.stet');
  }
}
