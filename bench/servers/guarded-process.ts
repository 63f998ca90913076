import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A server that does not outlive whoever started it, however that one ends. */
export interface GuardedProcess {
  readonly pid: number;
  readonly isRunning: boolean;
  /** What it has written so far, in both streams. */
  readonly output: string;
  /** Sends a signal and resolves when it has gone; at once where it has. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

export interface GuardedOptions {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Reads the end of its input, not a line, when whoever started it was killed: then the server goes, too. */
const guard = 'read -r word || kill -QUIT "$1"';

export function startGuarded(
  program: string,
  commandArguments: readonly string[],
  { cwd, environment = {}, user }: GuardedOptions,
): GuardedProcess {
  const server = spawn(program, commandArguments, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C is for whoever started it, who then stops it.
    detached: true,
    ...user,
  });
  const { pid } = server;
  if (pid === undefined) throw new Error(`${program} could not be started.`);
  let output = '';
  server.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  server.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const watcher = spawn('sh', ['-c', guard, 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.stdin.on('error', () => {}); // it has gone already
  server.once('exit', () => watcher.stdin.end('stopped\n'));
  const isRunning = () => server.exitCode === null && server.signalCode === null;
  return {
    pid,
    get isRunning() {
      return isRunning();
    },
    get output() {
      return output;
    },
    async stop(signal) {
      if (isRunning()) {
        const ended = once(server, 'exit');
        server.kill(signal);
        await ended;
      }
      await waitForEnd(watcher);
    },
  };
}

async function waitForEnd(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
