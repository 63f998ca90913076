import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { placeStoreOfCommand } from './stores/place-store.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedCli {
  readonly process: ChildProcess;
  readonly ended: Promise<CliResult>;
}

/** Starts the built command line, or another built program, as a user does; never a TTY. */
export function startCli(
  commandArguments: readonly string[],
  options: { readonly cwd: string; readonly environment?: Readonly<Record<string, string>> },
  program: string = main,
): StartedCli {
  const { STET_STORE: _store, ...environment } = process.env;
  const child = spawn(process.execPath, [program, ...commandArguments], {
    cwd: options.cwd,
    env: { ...environment, NO_COLOR: '1', ...placeStoreOfCommand(options.cwd), ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));
  return { process: child, ended };
}

export function runCli(...parameters: Parameters<typeof startCli>): Promise<CliResult> {
  return startCli(...parameters).ended;
}

/** Runs `stet … --json` and gives the one document on its stdout, whatever the exit code. */
export async function runCliJson<Document>(
  ...parameters: Parameters<typeof startCli>
): Promise<CliResult & { readonly document: Document }> {
  const [commandArguments, options] = parameters;
  const result = await runCli([...commandArguments, '--json'], options);
  if (result.stdout.trim() === '') throw new Error(`No document (exit ${result.code}):\n${result.stderr}`);
  return { ...result, document: JSON.parse(result.stdout) as Document };
}
