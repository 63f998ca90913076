import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EvaluationError } from '../contracts/evaluation-error.ts';

const run = promisify(execFile);
const oldest = [3, 9] as const;

export interface Python {
  readonly command: string;
  /** Such as `3.11.7`. */
  readonly version: string;
}

/**
 * The Python that runs snippets: what `STET_PYTHON` names, else `python3`.
 *
 * @throws {EvaluationError} `python-missing` where it cannot be run or is older than 3.9.
 */
export async function findPython(environment: Readonly<Record<string, string | undefined>>): Promise<Python> {
  const command = environment['STET_PYTHON'] ?? 'python3';
  const version = await readVersion(command);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return { command, version };
  throw fail(`${command} is Python ${version}; ${oldest.join('.')} or newer is needed.`);
}

async function readVersion(command: string): Promise<string> {
  const program = 'import sys; print(".".join(map(str, sys.version_info[:3])))';
  try {
    const { stdout } = await run(command, ['-I', '-c', program], { timeout: 30_000 });
    return stdout.trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw fail(code === 'ENOENT' ? `There is no ${command} on this machine.` : `${command} could not be run.`, error);
  }
}

function fail(message: string, cause?: unknown): EvaluationError {
  return new EvaluationError('python-missing', message, {
    hint: 'Install Python 3.9 or newer, or name one in STET_PYTHON.',
    cause,
  });
}
