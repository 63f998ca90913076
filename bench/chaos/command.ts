import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { processVariable } from './write-run-file.ts';

const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const keptLines = 40;
/** Far more than the document of a run takes. */
const mostOutputCharacters = 4_000_000;

export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly atMs: number;
}

/** One start of the command line. */
export interface Command {
  /** Tells it from every other start; the service sees it with each request. */
  readonly name: string;
  readonly pid: number;
  readonly startedAtMs: number;
  /** Once it has said so: the run it works on, and whether that was open already. */
  readonly run: { readonly id: string; readonly wasOpen: boolean } | undefined;
  readonly end: CommandEnd | undefined;
  readonly ended: Promise<CommandEnd>;
  /** The last lines of standard error. */
  readonly lastLines: readonly string[];
  signal(signal: NodeJS.Signals): void;
}

export interface CommandOptions {
  readonly name: string;
  readonly folder: string;
  /** Besides that of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

const commands = new Set<ChildProcess>();
let isLeaving = false;

export function startCommand(commandArguments: readonly string[], options: CommandOptions): Command {
  if (isLeaving) throw new Error('Nothing is started any more.');
  const { STET_STORE: _store, STET_CACHE_POLICY: _policy, STET_RESUME: _resume, ...environment } = process.env;
  const child = spawn(process.execPath, [main, ...commandArguments], {
    cwd: options.folder,
    env: { ...environment, NO_COLOR: '1', [processVariable]: options.name, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C is for the chaos command, which then ends this one
  });
  commands.add(child);
  const lastLines: string[] = [];
  let run: Command['run'];
  let end: CommandEnd | undefined;
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout.length < mostOutputCharacters) stdout += text;
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (lastLines.push(line) > keptLines) lastLines.shift();
    const { id, what } = /^Run (?<id>\S+) (?<what>started|was open)\b/.exec(line)?.groups ?? {};
    if (id !== undefined) run = { id, wasOpen: what === 'was open' };
    options.onLine?.(line);
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    commands.delete(child);
    end = { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, atMs: performance.now() };
    return end;
  });
  return {
    name: options.name,
    pid: child.pid ?? 0,
    startedAtMs: performance.now(),
    get run() {
      return run;
    },
    get end() {
      return end;
    },
    ended,
    lastLines,
    signal: (signal) => void child.kill(signal),
  };
}

/** Kills whatever is still running of what `startCommand` started, and lets nothing more be started. */
export function endAllCommands(): void {
  isLeaving = true;
  for (const child of commands) child.kill('SIGKILL');
}
