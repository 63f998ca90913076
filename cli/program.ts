import { Command, CommanderError } from 'commander';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import { commandEntries } from './commands.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { renderError } from './output/errors.ts';
import { makeErrorDocument, writeJson } from './output/json.ts';
import { makeStyle } from './output/style.ts';

/**
 * Runs one command line and returns its exit code; never rejects.
 *
 * @param version - What `--version` prints.
 */
export async function runProgram(context: CommandContext, version: string): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = makeProgram(context, version);
  const called = findCalledCommand(context.commandLine);
  try {
    for (const entry of commandEntries) {
      const command = program.command(entry.name).summary(entry.summary).description(capitalise(entry.summary));
      if (entry.name !== called) continue;
      const define = await entry.load();
      define(command, async (work) => {
        exitCode = await work(context);
      });
    }
    await program.parseAsync(context.commandLine, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its own text by now; a request for help or the version is no mistake.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done;
      // `stet` alone shows the help, which is no error either, but nothing was done.
      if (wantsJson(context) && error.code !== 'commander.help') {
        writeJson(context.stdout, makeErrorDocument(toUsageError(error)));
      }
      return exitCodes.usage;
    }
    context.stderr.write(
      renderError(error, {
        style: makeStyle(context.stderr, context.environment),
        workingDirectory: context.workingDirectory,
        showStack: context.environment['STET_DEBUG'] === '1',
      }),
    );
    if (wantsJson(context)) writeJson(context.stdout, makeErrorDocument(error));
    return exitCodeOf(error);
  }
}

function makeProgram(context: CommandContext, version: string): Command {
  return new Command('stet')
    .description('AI evaluations that survive crashes and never pay twice for an answer they already have.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHelpWidth: () => context.stdout.columns ?? 80,
      getErrHelpWidth: () => context.stderr.columns ?? 80,
    })
    .addHelpText('after', renderExamples(['stet run -f examples/quickstart/run.yaml', 'stet show latest']));
}

/** The first word that names a command, so that only its file is loaded. */
function findCalledCommand(commandLine: readonly string[]): string | undefined {
  return commandLine.find((word) => commandEntries.some((entry) => entry.name === word));
}

function wantsJson(context: CommandContext): boolean {
  return context.commandLine.includes('--json');
}

function toUsageError(error: CommanderError): EvaluationError {
  return new EvaluationError('usage', error.message.replace(/^error: /, ''));
}

function capitalise(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
