import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EvaluationError } from '../contracts/evaluation-error.ts';

/** The folder of the packages that run in Python; the same from sources (as tests run them) and from `dist/`. */
export function findSources(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const found = ['src', '../../python/src']
    .map((candidate) => path.join(here, candidate))
    .find((candidate) => existsSync(path.join(candidate, 'stet_host')));
  if (found !== undefined) return found;
  throw new EvaluationError('internal', 'The Python part of Stet is missing.', { hint: 'Install the package again.' });
}
