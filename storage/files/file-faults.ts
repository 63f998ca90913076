import { access, constants } from 'node:fs/promises';
import { EvaluationError } from '../../contracts/evaluation-error.ts';

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Trouble of the process or the machine, over in a moment or not: it says nothing about the file. */
const passing = new Set([
  'Z_MEM_ERROR',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'EINTR',
  'EBUSY',
  'ETIMEDOUT',
  'ESTALE',
]);

/**
 * Whether a file that could not be read is itself at fault (a bad sector, a folder in its place, rights taken away), so
 * that its content is lost and the loss may be mended. Where the whole folder is out of reach nothing is lost: to call
 * every blob damaged would pay for all of them again.
 */
export async function isFaultOfFile(error: unknown, folder: string): Promise<boolean> {
  const code = codeOf(error);
  if (code === undefined || passing.has(code)) return false;
  if (code !== 'EACCES' && code !== 'EPERM') return true;
  return access(folder, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** What the file system refused, as an error of the store with what to do about it. */
export function storeFailed(what: string, cause: unknown): EvaluationError {
  const code = codeOf(cause);
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'The disk is full: make room, then run the same command again.'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'Check who may write to the store directory.'
        : undefined;
  return new EvaluationError('store-failed', `${what}${code === undefined ? '' : ` (${code})`}.`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}
