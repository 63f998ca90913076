import { setMaxListeners } from 'node:events';

/**
 * Calls the listener once, with the reason of the first signal that fires; at once if one has fired already.
 *
 * @returns Stops listening.
 */
export function onAbort(signals: readonly AbortSignal[], listener: (reason: unknown) => void): () => void {
  const stop = () => {
    for (const signal of signals) signal.removeEventListener('abort', handle);
  };
  const handle = () => {
    stop();
    listener(signals.find((signal) => signal.aborted)?.reason);
  };
  if (signals.some((signal) => signal.aborted)) handle();
  else {
    // Thousands of queries of one task wait on one signal; Node takes more than ten for a leak.
    setMaxListeners(0, ...signals);
    for (const signal of signals) signal.addEventListener('abort', handle);
  }
  return stop;
}
