import { hidePassword } from '../../client/hide-password.ts';

/** Command lines to type next, complete as the reader has to type them: through npx, with the same store. */
export type MakeCommandLine = (...words: readonly string[]) => string;

export function makeCommandLines(
  environment: Readonly<Record<string, string | undefined>>,
  flags: { readonly store?: string },
): MakeCommandLine {
  const program = environment['npm_command'] === 'exec' ? 'npx stet' : 'stet';
  // A password is for the environment (PGPASSWORD, ~/.pgpass, STET_STORE), not for the screen.
  const store = flags.store === undefined ? '' : ` --store ${quoteWord(hidePassword(flags.store))}`;
  return (...words) => `${program} ${words.map(quoteWord).join(' ')}${store}`;
}

function quoteWord(word: string): string {
  if (/^[\w@%+=:,./~-]+$/.test(word)) return word;
  // Easier to read where the word has single quotes, and nothing that means something between double ones.
  if (word.includes("'") && !/["$`\\!]/.test(word)) return `"${word}"`;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
