/** Something changed: whoever waits for a state of things looks again. */
export interface Changes {
  readonly announce: () => void;
  /** Resolves once the condition holds; rejects with the reason of the signal. */
  waitUntil(condition: () => boolean, signal: AbortSignal): Promise<void>;
  readonly lastAtMs: number;
}

export function createChanges(): Changes {
  const listeners = new Set<() => void>();
  let lastAtMs = performance.now();
  return {
    announce() {
      lastAtMs = performance.now();
      for (const listener of listeners) listener();
    },
    waitUntil: (condition, signal) =>
      new Promise<void>((resolve, reject) => {
        const end = () => {
          listeners.delete(look);
          signal.removeEventListener('abort', onAbort);
        };
        const look = () => {
          if (!condition()) return;
          end();
          resolve();
        };
        const onAbort = () => {
          end();
          reject(signal.reason);
        };
        if (signal.aborted) return reject(signal.reason);
        listeners.add(look);
        signal.addEventListener('abort', onAbort);
        look();
      }),
    get lastAtMs() {
      return lastAtMs;
    },
  };
}
