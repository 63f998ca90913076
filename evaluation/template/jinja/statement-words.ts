/** The words that begin a statement. */
export const statementWords = [
  'if',
  'for',
  'set',
  'with',
  'macro',
  'call',
  'filter',
  'block',
  'print',
  'do',
  'break',
  'continue',
  'raw',
] as const;

const noFiles = 'they read no other files';

/** Statements of Jinja that are refused, with the reason. */
export const refusedStatements: ReadonlyMap<string, string> = new Map([
  ['include', noFiles],
  ['import', noFiles],
  ['from', noFiles],
  ['extends', noFiles],
  ['autoescape', 'they never escape by themselves; use the filter "escape"'],
  ['trans', 'there are no translations'],
  ['pluralize', 'there are no translations'],
  ['debug', 'it would print the row'],
]);

/** Names with a fixed value, and the one that a loop sets. */
export const reservedWords: ReadonlySet<string> = new Set([
  'true',
  'True',
  'false',
  'False',
  'none',
  'None',
  'null',
  'not',
  'and',
  'or',
  'in',
  'is',
  'if',
  'else',
]);
