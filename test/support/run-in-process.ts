import type { CommandContext } from '../../cli/command-context.ts';
import { runProgram } from '../../cli/program.ts';
import { openStet } from '../../embedded/index.ts';

/**
 * Runs one command line in this process, with the real engine: for tests of many command lines that differ in what they say
 * and not in how a process behaves. Commands that open a worker or look at the machine are not among them.
 */
export async function runInProcess(
  commandLine: readonly string[],
  options: { readonly cwd: string; readonly environment: Readonly<Record<string, string>> },
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const refuse = () => Promise.reject(new Error('Not in this process.'));
  const environment = { ...process.env, NO_COLOR: '1', ...options.environment };
  const context: CommandContext = {
    open: (openOptions) =>
      openStet({ ...openOptions, environment, workingDirectory: options.cwd, command: `stet ${commandLine[0]}` }),
    startWorker: refuse,
    diagnose: refuse,
    migrate: refuse,
    rekey: refuse,
    listNames: refuse,
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    environment,
    workingDirectory: options.cwd,
    commandLine,
    now: () => Date.now(),
    ask: undefined,
    onStopSignal: () => () => {},
    leave(code) {
      throw new Error(`It would have left with ${code}.`);
    },
  };
  const code = await runProgram(context, '0.0.0');
  return { code, ...written };
}
