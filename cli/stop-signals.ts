import type { CommandContext, StopSignal } from './command-context.ts';
import { signalExitCodes } from './exit-codes.ts';

/** Watches for the signal that asks a run to stop; the second one leaves at once. */
export interface StopWatch {
  /** The signal that came first, if any. */
  readonly signal: StopSignal | undefined;
  /** Calls the listener with the first signal; at once where it has come already. */
  onStop(listener: (signal: StopSignal) => void): void;
  end(): void;
}

// A shell sends Ctrl-C to npx and to us, and npx passes it on: the same key press arrives twice within milliseconds.
const echoMs = 150;

export function watchStopSignals(context: CommandContext): StopWatch {
  let first: { readonly signal: StopSignal; readonly atMs: number } | undefined;
  const listeners: ((signal: StopSignal) => void)[] = [];
  const stopListening = context.onStopSignal((signal) => {
    if (first === undefined) {
      first = { signal, atMs: context.now() };
      for (const listener of listeners) listener(signal);
    } else if (signal !== first.signal || context.now() - first.atMs > echoMs) {
      context.leave(signalExitCodes[signal]);
    }
  });
  return {
    get signal() {
      return first?.signal;
    },
    onStop(listener) {
      listeners.push(listener);
      if (first !== undefined) listener(first.signal);
    },
    end: stopListening,
  };
}
