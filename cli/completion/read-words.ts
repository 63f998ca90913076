import type { Command, Option } from 'commander';

/** What stands on a command line before the word that is being typed. */
export interface TypedWords {
  /** The command, or its part, that the words call. */
  readonly command: Command;
  /** Arguments of it so far, without options. */
  readonly values: readonly string[];
  readonly given: readonly { readonly option: Option; readonly value: string | undefined }[];
  /** The option that the word being typed is the value of. */
  readonly awaiting: Option | undefined;
  /** Whether a `--` has ended the options. */
  readonly isBehindOptions: boolean;
}

/** Reads a command line as the program would, but leaves alone what is wrong with it. */
export function readWords(program: Command, words: readonly string[]): TypedWords {
  let command = program;
  const values: string[] = [];
  const given: { readonly option: Option; readonly value: string | undefined }[] = [];
  let awaiting: Option | undefined;
  let isBehindOptions = false;
  for (const word of words) {
    if (awaiting !== undefined) {
      given.push({ option: awaiting, value: word });
      awaiting = undefined;
    } else if (!isBehindOptions && word === '--') {
      isBehindOptions = true;
    } else if (!isBehindOptions && word.startsWith('-')) {
      const { option, value } = readOption(command, word);
      if (option === undefined) continue;
      if (value === undefined && (option.required || option.optional)) awaiting = option;
      else given.push({ option, value });
    } else {
      const part = values.length === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (part === undefined) values.push(word);
      else command = part;
    }
  }
  return { command, values, given, awaiting, isBehindOptions };
}

/** An option as it is typed, with what stands behind its equals sign. */
export function readOption(
  command: Command,
  word: string,
): { readonly option: Option | undefined; readonly value: string | undefined } {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  const name = equals < 0 ? word : word.slice(0, equals);
  const option = command.options.find(({ short, long }) => short === name || long === name);
  return { option, value: equals < 0 ? undefined : word.slice(equals + 1) };
}
