import { readFile, stat } from 'node:fs/promises';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { type KeyRing, parseKeyRing } from './key-ring.ts';

export const keysVariable = 'STET_ENCRYPTION_KEYS';
export const keyFileVariable = 'STET_ENCRYPTION_KEY_FILE';

/**
 * The keys that the environment gives, by themselves or by a file; undefined where it gives none.
 *
 * @param onWarning - Told of a file that others than its owner can read.
 * @throws {EvaluationError} `encryption-keys-invalid`.
 */
export async function readKeyRing(
  environment: Readonly<Record<string, string | undefined>>,
  onWarning: (message: string) => void,
): Promise<KeyRing | undefined> {
  const keys = environment[keysVariable] ?? '';
  const file = environment[keyFileVariable] ?? '';
  if (keys !== '' && file !== '') {
    throw new EvaluationError(
      'encryption-keys-invalid',
      `${keysVariable} and ${keyFileVariable} are both set; only one of them can say which keys count.`,
      { hint: 'Unset one of them.' },
    );
  }
  if (keys !== '') return parseKeyRing(keys, keysVariable);
  return file === '' ? undefined : parseKeyRing(await readKeyFile(file, onWarning), `the key file ${file}`);
}

async function readKeyFile(file: string, onWarning: (message: string) => void): Promise<string> {
  try {
    const { mode } = await stat(file);
    const others = mode & 0o077;
    // Windows knows no such modes.
    if (others !== 0 && process.platform !== 'win32') {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      onWarning(`The key file ${file} has mode ${octal}: others may read it. Set 0600.`);
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
    throw new EvaluationError('encryption-keys-invalid', `The key file ${file} cannot be read: ${reason}.`, {
      hint: `Correct ${keyFileVariable}, or let this user read the file.`,
      cause: error,
    });
  }
}
