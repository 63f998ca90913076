import { setMaxListeners } from 'node:events';

/** Whom to tell when a signal fires: one listener a signal, because thousands of queries wait on the same one. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls the listener once, with the reason of the first signal that fires; at once if one has fired already.
 *
 * @returns Stops listening.
 */
export function onAbort(signals: readonly AbortSignal[], listener: (reason: unknown) => void): () => void {
  const handle = () => {
    stop();
    listener(signals.find((signal) => signal.aborted)?.reason);
  };
  const stop = () => {
    for (const signal of signals) waiting.get(signal)?.delete(handle);
  };
  if (signals.some((signal) => signal.aborted)) handle();
  else for (const signal of signals) getHandlers(signal).add(handle);
  return stop;
}

function getHandlers(signal: AbortSignal): Set<() => void> {
  const known = waiting.get(signal);
  if (known !== undefined) return known;
  const handlers = new Set<() => void>();
  waiting.set(signal, handlers);
  setMaxListeners(0, signal);
  signal.addEventListener('abort', () => {
    for (const handle of handlers) handle();
  });
  return handlers;
}
