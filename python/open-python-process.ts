import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { OpenHostChannel } from '../hosts/host-channel.ts';
import type { FromHost } from '../hosts/host-messages.ts';

export interface PythonProcessOptions {
  readonly command: string;
  /** Folder with the packages `stet_host` and `latticeflow`. */
  readonly sources: string;
  /** Folder of this pool, in which it also runs. */
  readonly directory: string;
  readonly memoryLimitMb: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What of the environment user code gets, beside the secrets that it names: where programs, packages and homes are. */
const inherited = [
  'PATH',
  'HOME',
  'TMPDIR',
  'PYTHONPATH',
  'VIRTUAL_ENV',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'SSL_CERT_FILE',
] as const;

const markBytes = 16;

/** Processes that run snippets; `options` is asked when one is started. */
export function openPythonProcesses(options: () => PythonProcessOptions): OpenHostChannel {
  let started = 0;
  return (listener) => {
    const { command, sources, directory, memoryLimitMb, environment } = options();
    const markFile = path.join(directory, `mark-${started++}`);
    writeFileSync(markFile, Buffer.alloc(markBytes), { mode: 0o600 });
    const mark = openSync(markFile, 'r');
    const known = inherited.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    const child = spawn(command, ['-m', 'stet_host'], {
      cwd: directory,
      // A group of its own: Ctrl-C is Stet's to understand, and what it has started ends with it.
      detached: true,
      env: {
        ...Object.fromEntries(known),
        PYTHONPATH: [sources, ...(environment['PYTHONPATH'] === undefined ? [] : [environment['PYTHONPATH']])].join(
          path.delimiter,
        ),
        PYTHONDONTWRITEBYTECODE: '1',
        // Sets and mappings of text go round in the same order in every process.
        PYTHONHASHSEED: '0',
        PYTHONUTF8: '1',
        STET_HOST_MARK: markFile,
        STET_HOST_MEMORY_MB: String(memoryLimitMb),
      },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const [, , , input, output] = child.stdio as unknown as readonly [null, null, null, Socket, Socket];
    let isOver = false;
    const end = (cause: string) => {
      if (isOver) return;
      isOver = true;
      listener.ended(cause);
      closeSync(mark);
    };
    input.on('error', () => {}); // It is gone; its exit says so.
    createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      if (!isOver) listener.heard(JSON.parse(line) as FromHost);
    });
    child.on('error', (error) => end(`its process could not be started: ${error.message}`));
    // What it wrote before it ended is read first.
    child.on('close', (code, signal) => end(describeEnd(code, signal)));
    return {
      post: (messages) => input.write(`${messages.map((message) => JSON.stringify(message)).join('\n')}\n`),
      readCurrent() {
        if (isOver) return undefined;
        const bytes = Buffer.alloc(markBytes);
        readSync(mark, bytes, 0, markBytes, 0);
        const id = bytes.readInt32LE(0);
        return id === 0 ? undefined : { id, enteredAtMs: bytes.readDoubleLE(8) };
      },
      setBusy(isBusy) {
        for (const handle of [child, input, output]) {
          if (isBusy) handle.ref();
          else handle.unref();
        }
      },
      terminate: () => kill(child),
    };
  };
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === null) return `it ended its process with exit code ${code}`;
  if (signal === 'SIGKILL') return 'its process was killed, as the system does where memory runs out';
  return `its process crashed (${signal})`;
}
