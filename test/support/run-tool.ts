import { execFile } from 'node:child_process';

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever its exit code; settings of the npm that runs the tests are not passed on. */
export function runTool(
  program: string,
  programArguments: readonly string[],
  options: { readonly cwd: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<ToolResult> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|STET_STORE$|INIT_CWD$)/.test(name),
  );
  const env = { ...Object.fromEntries(inherited), NO_COLOR: '1', ...options.environment };
  return new Promise((resolve, reject) => {
    execFile(
      program,
      programArguments,
      { cwd: options.cwd, env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr });
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
        else reject(error);
      },
    );
  });
}
