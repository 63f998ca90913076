#!/usr/bin/env node
import { closeSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext, StopSignal } from './command-context.ts';
import { stopSignals } from './command-context.ts';
import { runProgram } from './program.ts';

// The composition root of the command line: real streams, signals and engine. The engine is loaded by the commands
// that need it, so that help and mistakes are answered at once.

/** Within this time of the end of the input the signal comes that says why. */
const HANG_UP_MS = 100;
let isHungUp = false;

const context: CommandContext = {
  open: async (options) => {
    const { openStet } = await import('../embedded/index.ts');
    return openStet({ ...options, command: `stet ${process.argv[2] ?? ''}` });
  },
  startWorker: async ({ health, metrics, ...options }) => {
    const [{ startWorker }, { parseListenAddress }] = await Promise.all([
      import('../embedded/start-worker.ts'),
      import('../workers/health-server.ts'),
    ]);
    return startWorker({
      ...options,
      ...(health === undefined ? {} : { health: parseListenAddress(health) }),
      ...(metrics === undefined ? {} : { metrics: parseListenAddress(metrics) }),
    });
  },
  diagnose: async (options) => (await import('../embedded/diagnose.ts')).diagnose(options),
  migrate: async (options) => (await import('../embedded/migrate-store.ts')).migrate(options),
  rekey: async (options) => (await import('../embedded/rekey-store.ts')).rekey(options),
  listNames: async (question, { store }) => {
    const { listNames } = await import('../embedded/list-names.ts');
    return listNames(question, { store, environment: process.env, workingDirectory: process.cwd() });
  },
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  workingDirectory: process.cwd(),
  commandLine: process.argv.slice(2),
  now: () => Date.now(),
  ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
  onStopSignal,
  leave,
};

// A reader that has gone (`stet list | head`), or a closed terminal, must not end a run that is paid for.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const exitCode = await runProgram(context, readVersion());
await Promise.all([process.stdout, process.stderr].map(flush));
// Whatever a native library still holds open has no say in when a finished command ends.
leave(exitCode);

function leave(code: number): void {
  // Node puts a terminal back as it was, and crashes where that is no longer there.
  if (isHungUp) for (const file of [0, 1, 2]) closeQuietly(file);
  process.exit(code);
}

function closeQuietly(file: number): void {
  try {
    closeSync(file);
  } catch {
    // closed before
  }
}

async function ask(question: string, { signal }: { readonly signal: AbortSignal }): Promise<string | undefined> {
  const { createInterface } = await import('node:readline/promises');
  // Not as a terminal: then Ctrl-C stays a signal, which `onStopSignal` hears.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const ended = new Promise<undefined>((resolve) => {
    // A terminal that is closed ends the input and sends a signal, which says more.
    lines.once('close', () => void sleep(HANG_UP_MS).then(() => resolve(undefined)));
  });
  try {
    return await Promise.race([lines.question(question, { signal }), ended]);
  } finally {
    lines.close();
  }
}

function onStopSignal(listener: (signal: StopSignal) => void): () => void {
  const listeners = stopSignals.map((signal) => {
    const handler = () => {
      isHungUp ||= signal === 'SIGHUP';
      listener(signal);
    };
    return [signal, handler] as const;
  });
  for (const [signal, handler] of listeners) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of listeners) process.off(signal, handler);
  };
}

function readVersion(): string {
  // Two folders up from dist/cli/ lies the package; one from cli/, where this file runs in development.
  const levels = import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json';
  const manifest: unknown = JSON.parse(readFileSync(new URL(levels, import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null ? String(Reflect.get(manifest, 'version')) : 'unknown';
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // A broken pipe reports the write as done with an error; either way there is nothing left to wait for.
    stream.write('', () => resolve());
  });
}
