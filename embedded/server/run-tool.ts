import { execFile } from 'node:child_process';

/** Variables that a command sees; never changed here. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type ToolOutcome =
  | { readonly state: 'done'; readonly output: string }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'absent' };

/** Runs a command to its end. A command that cannot be found, or that runs too long, is an outcome too. */
export function runTool(
  file: string,
  toolArguments: readonly string[],
  options: { readonly environment: Environment; readonly timeoutMs: number },
): Promise<ToolOutcome> {
  return new Promise((resolve) => {
    const settings = {
      env: options.environment,
      timeout: options.timeoutMs,
      encoding: 'utf8',
      windowsHide: true,
    } as const;
    execFile(file, toolArguments, settings, (error, stdout, stderr) => {
      if (error === null) return resolve({ state: 'done', output: stdout });
      // 127: a version manager's stand-in for a program that is not installed
      if (isAbsent(error.code) || (error.code as unknown) === 127) return resolve({ state: 'absent' });
      const lastLine = stderr.trim().split('\n').at(-1) ?? '';
      const reason =
        error.killed === true ? `no end after ${options.timeoutMs / 1000} s` : lastLine || firstLine(error.message);
      resolve({ state: 'failed', message: reason.slice(0, 300) });
    });
  });
}

/** With no PATH a name is looked for in the current folder, where something else may bear it. */
function isAbsent(code: unknown): boolean {
  return code === 'ENOENT' || code === 'EACCES';
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
