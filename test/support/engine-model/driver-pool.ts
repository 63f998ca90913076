import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RunFileInput } from '../../../evaluation/spec/run-file.ts';

const program = fileURLToPath(new URL('./driver.mjs', import.meta.url));

export interface DriverOptions {
  readonly store: string;
  readonly workingDirectory: string;
  readonly segmentSize: number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A child process that works on a store, and can be killed. */
export interface Driver {
  run(source: RunFileInput, envFile: string): Promise<{ readonly run: string; readonly attached: boolean }>;
  resume(run: string): Promise<{ readonly run: string; readonly attached: boolean }>;
  /** Resolves when the run has ended. */
  cancel(run: string): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Lets go of the store; the process serves another one. */
  close(): Promise<void>;
}

/** Processes that have loaded the library already, since that takes longer than most steps of a test. */
export interface DriverPool extends AsyncDisposable {
  open(options: DriverOptions): Promise<Driver>;
}

interface DriverProcess {
  call<Result>(operation: string, input: object): Promise<Result>;
  kill(): Promise<void>;
  leave(): Promise<void>;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

export function createDriverPool(): DriverPool {
  const spare: DriverProcess[] = [forkDriver()];
  return {
    async open(options) {
      const driver = spare.shift() ?? forkDriver();
      if (spare.length === 0) spare.push(forkDriver());
      await driver.call('open', options);
      return {
        run: (source, envFile) => driver.call('run', { source, envFile }),
        resume: (run) => driver.call('resume', { run }),
        cancel: (run) => driver.call('cancel', { run }),
        kill: () => driver.kill(),
        async close() {
          await driver.call('close', {});
          spare.unshift(driver);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(spare.map((driver) => driver.leave()));
    },
  };
}

function forkDriver(): DriverProcess {
  const { STET_STORE: _store, ...environment } = process.env;
  const child: ChildProcess = fork(program, [], {
    env: environment,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const exited = once(child, 'exit');
  const failed = exited.then(() => Promise.reject(new Error(`The driver has ended.\n${errors}`)));
  failed.catch(() => undefined); // raced below
  const waiting = new Map<number, (reply: Reply) => void>();
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: Reply | { readonly ready: true }) => {
      if ('ready' in message) resolve();
      else waiting.get(message.id)?.(message);
    });
  });
  let calls = 0;
  return {
    async call<Result>(operation: string, input: object): Promise<Result> {
      await Promise.race([ready, failed]);
      const id = calls++;
      const reply = new Promise<Reply>((resolve) => waiting.set(id, resolve));
      child.send({ id, operation, input });
      const { result, error } = await Promise.race([reply, failed]);
      waiting.delete(id);
      if (error !== undefined) throw new Error(`${operation} failed (${error.code}): ${error.message}`);
      return result as Result;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async leave() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
