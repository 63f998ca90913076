#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import type { CommandContext, StopSignal } from './command-context.ts';
import { stopSignals } from './command-context.ts';
import { runProgram } from './program.ts';

// The composition root of the command line: real streams, signals and engine. The engine is loaded by the commands
// that need it, so that help and mistakes are answered at once.

const context: CommandContext = {
  open: async (options) => {
    const { openStet } = await import('../embedded/index.ts');
    return openStet({ ...options, command: `stet ${process.argv[2] ?? ''}` });
  },
  diagnose: async (options) => (await import('../embedded/diagnose.ts')).diagnose(options),
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  workingDirectory: process.cwd(),
  commandLine: process.argv.slice(2),
  now: () => Date.now(),
  onStopSignal,
  leave: (exitCode) => process.exit(exitCode),
};

// A reader that has gone (`stet list | head`), or a closed terminal, must not end a run that is paid for.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const exitCode = await runProgram(context, readVersion());
await Promise.all([process.stdout, process.stderr].map(flush));
// Whatever a native library still holds open has no say in when a finished command ends.
process.exit(exitCode);

function onStopSignal(listener: (signal: StopSignal) => void): () => void {
  const listeners = stopSignals.map((signal) => [signal, () => listener(signal)] as const);
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
