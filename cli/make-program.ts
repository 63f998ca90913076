import { Command } from 'commander';
import { type CommandEntry, commandEntries, type Perform } from './commands.ts';
import { renderExamples } from './options/examples.ts';
import { addPlainOption } from './options/plain-option.ts';

/** `stet` itself, as yet without commands; it prints nothing by itself but through `configureOutput`. */
export function makeProgram(): Command {
  return new Command('stet')
    .description('AI evaluations that survive crashes and never pay twice for an answer they already have.')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
    .addHelpText('after', renderExamples(['stet run -f examples/quickstart/run.yaml', 'stet show latest']));
}

/** The command by name and summary, which is all that the list of commands needs. */
export function addCommand(program: Command, entry: CommandEntry): Command {
  return program
    .command(entry.name, { hidden: entry.isHidden === true })
    .summary(entry.summary)
    .description(capitalise(entry.summary));
}

/** Loads what the command's file says of it: arguments, options, examples, parts and action. */
export async function loadCommand(command: Command, entry: CommandEntry, perform: Perform): Promise<void> {
  const define = await entry.load();
  define(command, perform);
  const parts = command.commands.length === 0 ? [command] : command.commands;
  if (entry.isForPrograms !== true) for (const part of parts) addPlainOption(part);
}

/** Every command with all that its file says of it; none of them does anything. */
export async function loadProgram(): Promise<Command> {
  const program = makeProgram();
  for (const entry of commandEntries) await loadCommand(addCommand(program, entry), entry, async () => {});
  return program;
}

/** The first word that names a command, so that only its file is loaded. */
export function findCalledCommand(commandLine: readonly string[]): CommandEntry | undefined {
  for (const word of commandLine) {
    const entry = commandEntries.find(({ name }) => name === word);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** The commands by name, and the one that the words call with all that its file says of it. */
export async function loadProgramFor(words: readonly string[]): Promise<Command> {
  const program = makeProgram();
  const called = findCalledCommand(words);
  for (const entry of commandEntries) {
    const command = addCommand(program, entry);
    if (entry === called) await loadCommand(command, entry, async () => {});
  }
  return program;
}

function capitalise(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`;
}
