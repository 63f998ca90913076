import type { Command, Option } from 'commander';

/** What a command's own definition says of it: the one source of its help, its page and its completion. */
export interface CommandReference {
  /** Such as `run`, or `cache gc`. */
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly arguments: readonly ArgumentReference[];
  readonly options: readonly OptionReference[];
  readonly examples: readonly string[];
}

export interface ArgumentReference {
  /** Such as `run`. */
  readonly name: string;
  readonly description: string;
  /** All that may be given, where that is known. */
  readonly choices: readonly string[];
  readonly isRequired: boolean;
  readonly isRepeated: boolean;
}

export interface OptionReference {
  /** As the help shows it, such as `-f, --file <file>`. */
  readonly flags: string;
  /** Such as `-f` and `--file`. */
  readonly names: readonly string[];
  /** Name of its value, such as `file`; undefined where it takes none. */
  readonly value: string | undefined;
  readonly description: string;
  readonly choices: readonly string[];
  readonly isRequired: boolean;
  readonly default: string | undefined;
}

/** Every command that can be called, in the order of the help; what consists of parts is there by its parts. */
export function describeCommands(program: Command): readonly CommandReference[] {
  return listVisible(program).flatMap((command) => {
    const parts = listVisible(command);
    return parts.length === 0
      ? [describeCommand(command, command.name())]
      : parts.map((part) => describeCommand(part, `${command.name()} ${part.name()}`));
  });
}

function listVisible(command: Command): readonly Command[] {
  const { commands } = command;
  const shown = new Set(command.createHelp().visibleCommands(command));
  return commands.filter((part) => shown.has(part));
}

function describeCommand(command: Command, name: string): CommandReference {
  return {
    name,
    summary: command.summary(),
    usage: ['stet', name, ...listRequired(command), command.usage()].join(' '),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      choices: argument.argChoices ?? [],
      isRequired: argument.required,
      isRepeated: argument.variadic,
    })),
    options: command.options.filter(({ hidden }) => !hidden).map(describeOption),
    examples: listExamples(command),
  };
}

function listRequired({ options }: Command): readonly string[] {
  return options
    .filter(({ mandatory }) => mandatory)
    .map(({ flags }) => flags.replace(/^-\w, --[\w-]+/, (names) => names.slice(0, 2)));
}

function describeOption(option: Option): OptionReference {
  return {
    flags: option.flags,
    names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
    value: /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1],
    description: option.description,
    choices: option.argChoices ?? [],
    isRequired: option.mandatory,
    default: option.defaultValue === undefined ? undefined : String(option.defaultValue),
  };
}

/** Examples are text behind the options, which commander gives only as it would print it. */
function listExamples(command: Command): readonly string[] {
  let text = '';
  const usual = command.configureOutput();
  command.configureOutput({ ...usual, writeOut: (piece) => void (text += piece) });
  command.outputHelp();
  command.configureOutput(usual);
  const [, examples = ''] = text.split('\nExamples:\n');
  return examples
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
