import { EvaluationError } from '../../contracts/evaluation-error.ts';

/** Errors of sockets that another attempt may not meet. */
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);
/** The driver gives no code for these. */
const lostMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed)/;

/**
 * What an error means for whoever asked.
 *
 * `lost`: the session is gone, or of no use, and what it was asked last may have been done or not.
 * `again`: the transaction was rolled back for the sake of others.
 * `final`: so it will be the next time.
 */
export type Fate = 'lost' | 'again' | 'final';

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function judgePostgresError(error: unknown): Fate {
  const code = findCode(error);
  if (code === undefined) {
    if (error instanceof AggregateError) return error.errors.every(isNetworkError) ? 'lost' : 'final';
    return error instanceof Error && lostMessages.test(error.message) ? 'lost' : 'final';
  }
  if (networkCodes.has(code) || code.startsWith('08')) return 'lost';
  switch (code) {
    case '57P01': // admin_shutdown
    case '57P02': // crash_shutdown
    case '57P03': // cannot_connect_now
    case '57P05': // idle_session_timeout
    case '25P03': // idle_in_transaction_session_timeout
    case '25006': // read_only_sql_transaction: the former primary, after a failover
    case '53300': // too_many_connections
      return 'lost';
    case '40001': // serialization_failure
    case '40P01': // deadlock_detected
    case '55P03': // lock_not_available
      return 'again';
    default:
      return 'final';
  }
}

/** Whether a server, or a session, that only reads was asked to write. */
export function isReadOnlyRefusal(error: unknown): boolean {
  return findCode(error) === '25006';
}

/** What the server reported, as an error of the store; an `EvaluationError` passes through. */
export function toPostgresError(error: unknown, place: string): EvaluationError {
  if (error instanceof EvaluationError) return error;
  const code = findCode(error);
  if (code === 'XX001' || code === 'XX002') {
    return new EvaluationError('store-damaged', `The database of the store is damaged: ${describe(error)}.`, {
      hint: 'Restore it from a backup.',
      cause: error,
    });
  }
  const hint = findHint(code);
  return new EvaluationError('store-failed', `The store at ${place} failed: ${describe(error)}.`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Neither the server nor the driver puts a password into its messages. */
export function describe(error: unknown): string {
  const first: unknown = error instanceof AggregateError && error.message === '' ? error.errors[0] : error;
  return (first instanceof Error ? first.message : String(first)).replace(/\.$/, '');
}

function findHint(code: string | undefined): string | undefined {
  switch (code ?? '') {
    case '28P01':
    case '28000':
      return 'Check user and password of the URL, and whether the server lets this host in (pg_hba.conf).';
    case '3D000':
      return 'Create the database, or name another one in the URL.';
    case '42501':
      return 'Give the user of the URL the right to use and create tables in the schema of the store.';
    case 'ENOTFOUND':
      return 'Check the host in the URL.';
    case '53100':
      return 'The disk of the server is full: make room, then run the same command again.';
    default:
      return undefined;
  }
}

function isNetworkError(error: unknown): boolean {
  const code = findCode(error);
  return code !== undefined && networkCodes.has(code);
}

function findCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
