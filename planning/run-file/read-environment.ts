import { readFileSync } from 'node:fs';
import path from 'node:path';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { keysVariable } from '../../storage/encryption/read-key-ring.ts';

export type Environment = Readonly<Record<string, string>>;

/**
 * The environment of a run (format 2): `.env` beside the run file, else in the working directory; the process environment
 * beats it, and the file of `--env` beats both.
 *
 * @throws {EvaluationError} `config-file-missing` for an `--env` file that cannot be read, `config-invalid` for a line
 *   that is no assignment. Neither repeats a value.
 */
export function readEnvironment(options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly envFile?: string;
  readonly workingDirectory: string;
  /** Folder of the run file; absent for a run config that came without one. */
  readonly runDirectory?: string;
}): Environment {
  const { workingDirectory, runDirectory = workingDirectory } = options;
  const found = [...new Set([runDirectory, workingDirectory])]
    .map((directory) => path.join(directory, '.env'))
    .map((file) => ({ file, text: readIfThere(file) }))
    .find(({ text }) => text !== undefined);
  const fromDotEnv = found?.text === undefined ? {} : parseEnvironmentFile(found.text, found.file);
  const fromProcess = Object.fromEntries(
    Object.entries(options.environment).filter(
      // The keys of the store are no secret that a run file could name and send somewhere.
      (entry): entry is [string, string] => entry[1] !== undefined && entry[0] !== keysVariable,
    ),
  );
  return { ...fromDotEnv, ...fromProcess, ...readNamedFile(options.envFile, workingDirectory) };
}

function readNamedFile(name: string | undefined, workingDirectory: string): Environment {
  if (name === undefined) return {};
  const file = path.resolve(workingDirectory, name);
  const text = readIfThere(file);
  if (text === undefined)
    throw new EvaluationError('config-file-missing', `The environment file ${name} does not exist.`);
  return parseEnvironmentFile(text, file);
}

function readIfThere(file: string): string | undefined {
  try {
    return new TextDecoder().decode(readFileSync(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR'))
      return undefined;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new EvaluationError('config-file-missing', `The environment file ${file} cannot be read (${code}).`, {
      cause: error,
    });
  }
}

const assignment = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=[ \t]*/;

/**
 * `NAME=value` lines: comments, `export`, single quotes (verbatim) and double quotes (`\n`, `\r`, `\t`, `\"`, `\\`), both
 * over several lines; without quotes a ` #` starts a comment. Values are not expanded.
 */
export function parseEnvironmentFile(text: string, file: string): Environment {
  const values = new Map<string, string>();
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s*(?:#|$)/.test(line)) continue;
    const match = assignment.exec(line);
    const name = match?.[1];
    if (match === null || name === undefined) throw malformed(file, index, 'is not of the form NAME=value');
    const rest = line.slice(match[0].length);
    const quote = rest[0];
    if (quote !== '"' && quote !== "'") {
      values.set(name, rest.replace(/(?:^|\s)#.*$/, '').trim());
      continue;
    }
    const start = index;
    let quoted = rest.slice(1);
    let end = findEnd(quoted, quote);
    while (end < 0) {
      index += 1;
      if (index >= lines.length) throw malformed(file, start, 'opens a quote that nothing closes');
      quoted += `\n${lines[index]}`;
      end = findEnd(quoted, quote);
    }
    if (!/^\s*(?:#.*)?$/.test(quoted.slice(end + 1))) throw malformed(file, start, 'goes on after the closing quote');
    const content = quoted.slice(0, end);
    values.set(name, quote === '"' ? unescape(content) : content);
  }
  return Object.fromEntries(values);
}

/** Index of the closing quote, or -1; in double quotes a backslash keeps the next character from closing. */
function findEnd(text: string, quote: '"' | "'"): number {
  if (quote === "'") return text.indexOf("'");
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') return index;
  }
  return -1;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

function unescape(text: string): string {
  return text.replace(/\\([nrt"\\])/g, (_, character: string) => escapes[character] ?? character);
}

function malformed(file: string, index: number, reason: string): EvaluationError {
  return new EvaluationError('config-invalid', `Line ${index + 1} of ${path.basename(file)} ${reason}.`, {
    location: { file, line: index + 1, column: 1 },
  });
}
