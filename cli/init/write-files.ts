import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EvaluationError } from '../../contracts/evaluation-error.ts';

export interface NewFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

/**
 * Writes all files, or none where one of them is there.
 *
 * @throws {EvaluationError} `usage` naming the file.
 */
export async function writeFiles(files: readonly NewFile[], showPath: (file: string) => string): Promise<void> {
  for (const file of files) if (existsSync(file.path)) throw makeExistsError(showPath(file.path));
  for (const { path: file, text } of files) {
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text, { flag: 'wx' });
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') throw makeExistsError(showPath(file));
      throw new EvaluationError('usage', `${showPath(file)} cannot be written (${code}).`, {
        hint: 'Name a directory in which you may write.',
        cause: error,
      });
    }
  }
}

function makeExistsError(file: string): EvaluationError {
  return new EvaluationError('usage', `${file} exists already, and nothing is overwritten.`, {
    hint: 'Name another directory: "stet init DIRECTORY".',
  });
}
