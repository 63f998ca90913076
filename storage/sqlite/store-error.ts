import { EvaluationError } from '../../contracts/evaluation-error.ts';

/** What the database reported, as an error of the store; an `EvaluationError` passes through. */
export function toStoreError(error: unknown): EvaluationError {
  if (error instanceof EvaluationError) return error;
  const code = findSqliteCode(error);
  const detail = error instanceof Error ? error.message : String(error);
  if (code?.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return new EvaluationError('store-damaged', `The database of the store is damaged: ${detail}.`, {
      hint: 'Put the store directory aside and start with a new one.',
      cause: error,
    });
  }
  const hint = findHint(code);
  return new EvaluationError('store-failed', `The database of the store failed: ${detail}.`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Another process held the database for longer than is waited; `holders` as far as the system tells. */
export function makeLockedError(holders: readonly string[], waitedMs: number, cause: unknown): EvaluationError {
  const who = holders.length === 0 ? 'another process' : holders.join(' and ');
  return new EvaluationError(
    'store-failed',
    `The database of the store has been locked for ${waitedMs / 1_000} s by ${who}.`,
    {
      hint: 'Let it finish, or end it; then run the same command again.',
      cause: cause instanceof EvaluationError ? cause.cause : cause,
    },
  );
}

/** True where another process held the database for longer than the busy time-out; the same call may be made again. */
export function isBusy(error: unknown): boolean {
  const cause = error instanceof EvaluationError ? error.cause : error;
  return findSqliteCode(cause)?.startsWith('SQLITE_BUSY') ?? false;
}

function findHint(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  if (code.startsWith('SQLITE_BUSY')) return 'Another process is writing to the store; try again.';
  if (code === 'SQLITE_FULL') return 'The disk is full: make room, then run the same command again.';
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN')) {
    return 'Check who may write to the store directory.';
  }
  return undefined;
}

function findSqliteCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code !== ''
    ? error.code
    : undefined;
}
