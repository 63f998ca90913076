import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { EvaluationError } from '../contracts/evaluation-error.ts';

/**
 * Address of a compiled file below `dist/`, from sources (as tests run them) and from `dist/` alike: threads need
 * JavaScript that Node itself can load.
 *
 * @param path - Relative to `dist/`, such as `modules/module-thread.js`.
 */
export function findBuiltFile(path: string): URL {
  const file = join(findPackageRoot(dirname(fileURLToPath(import.meta.url))), 'dist', path);
  if (!existsSync(file)) {
    throw new EvaluationError('internal', `dist/${path} is missing.`, { hint: 'Run "npm run build".' });
  }
  return pathToFileURL(file);
}

function findPackageRoot(start: string): string {
  for (let directory = start; ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown }).name === 'stet')
      return directory;
    if (directory === dirname(directory)) throw new EvaluationError('internal', 'The package of Stet was not found.');
  }
}
