import { sql } from 'kysely';

/**
 * Texts as a list for `in`, however many: one parameter, so that a query has one shape and no limit of parameters. They
 * are handed over as the keys of an object, since those are what SQLite and PostgreSQL read in the same words.
 */
export function eachOf<Value extends string>(values: readonly Value[]) {
  const object = JSON.stringify(Object.fromEntries(values.map((value) => [value, 0])));
  return sql<Value>`(SELECT key FROM json_each(${object}))`;
}
