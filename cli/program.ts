import { type Command, CommanderError } from 'commander';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import { commandEntries } from './commands.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { addCommand, findCalledCommand, loadCommand, makeProgram } from './make-program.ts';
import { renderErrorFor } from './output/errors.ts';
import { makeErrorDocument, writeJson } from './output/json.ts';

/**
 * Runs one command line and returns its exit code; never rejects.
 *
 * @param version - What `--version` prints.
 */
export async function runProgram(context: CommandContext, version: string): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = connect(makeProgram(), context).version(version, '-V, --version', 'print the version');
  const called = findCalledCommand(context.commandLine);
  try {
    for (const entry of commandEntries) {
      const command = addCommand(program, entry);
      if (entry !== called) continue;
      await loadCommand(command, entry, async (work) => {
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
    context.stderr.write(renderErrorFor(context, error));
    if (wantsJson(context)) writeJson(context.stdout, makeErrorDocument(error));
    return exitCodeOf(error);
  }
}

function connect(program: Command, context: CommandContext): Command {
  return program.configureOutput({
    writeOut: (text) => context.stdout.write(text),
    writeErr: (text) => context.stderr.write(text),
    getOutHelpWidth: () => context.stdout.columns ?? 80,
    getErrHelpWidth: () => context.stderr.columns ?? 80,
  });
}

function wantsJson(context: CommandContext): boolean {
  return context.commandLine.includes('--json');
}

function toUsageError(error: CommanderError): EvaluationError {
  return new EvaluationError('usage', error.message.replace(/^error: /, ''));
}
