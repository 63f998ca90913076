/** Prints one line with its time since the start: now, or an earlier moment. */
export type Say = (text: string, atMs?: number) => void;

export function createSay(): Say {
  const startMs = performance.now();
  return (text, atMs = performance.now()) => console.log(`${formatSeconds(atMs - startMs).padStart(9)}  ${text}`);
}

export function formatNumber(value: number): string {
  return value.toLocaleString('en');
}

export function formatSeconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1)} s`;
}
