import { createHash } from 'node:crypto';
import { EvaluationError } from '../../contracts/evaluation-error.ts';

/** A PostgreSQL database as a URL names it. */
export interface PostgresLocation {
  /** For the driver; with credentials, so never for people. */
  readonly url: string;
  /** For people: host, port, database. */
  readonly name: string;
}

/**
 * Understands `postgres://user:password@host:port/database`. The schema is the first of the session's `search_path`, which
 * `?search_path=…` or the server's `?options=-c search_path=…` set; `public` otherwise.
 *
 * @throws {EvaluationError} `usage`, without the text, which may hold a password.
 */
export function parsePostgresLocation(text: string): PostgresLocation {
  let url = parseUrl(text);
  const searchPath = url.searchParams.get('search_path');
  if (searchPath !== null) {
    url.searchParams.delete('search_path');
    // A space within an option is escaped by a backslash.
    url = new URL(addSessionOption(url.href, `search_path=${searchPath.replaceAll(/([\\ ])/g, '\\$1')}`));
  }
  const host = url.hostname === '' ? (url.searchParams.get('host') ?? 'localhost') : url.hostname;
  return {
    url: url.href,
    name: `postgres://${host}${url.port === '' ? '' : `:${url.port}`}${url.pathname}`,
  };
}

/** A URL whose sessions begin with a setting. */
export function addSessionOption(href: string, setting: string): string {
  const url = new URL(href);
  const options = url.searchParams.get('options');
  url.searchParams.set('options', options === null ? `-c ${setting}` : `${options} -c ${setting}`);
  // Where a form writes a plus sign for a space, the driver wants the space.
  url.search = url.search.replaceAll('+', '%20');
  return url.href;
}

/** Two numbers that name the lock of a store among all advisory locks of a database. */
export function makeLockKey(schema: string): string {
  const storeLocks = 0x73746574; // "stet"
  return `${storeLocks}, ${createHash('sha256').update(schema).digest().readInt32BE()}`;
}

function parseUrl(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === 'postgres:' || url.protocol === 'postgresql:') return url;
  } catch {
    // Its message quotes the text.
  }
  throw new EvaluationError('usage', 'The location of the store is not a PostgreSQL URL.', {
    hint: 'Write postgres://user:password@host:5432/database; special characters of the password as %XX.',
  });
}
