import type { Changes } from './changes.ts';

/** Nothing said, asked or ended for so long: it hangs. Nothing in a round takes half as long. */
const patienceMs = 120_000;

/** Rejects, with what everybody has said last, when nothing changes any more. */
export function watchForStandstill(changes: Changes, describe: () => readonly string[]) {
  let timer: NodeJS.Timeout | undefined;
  const happened = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (performance.now() - changes.lastAtMs < patienceMs) return;
      reject(new Error(`Nothing has happened for ${patienceMs / 1_000} s.\n${describe().join('\n')}`));
    }, 1_000);
  });
  happened.catch(() => undefined);
  return { happened, end: () => clearInterval(timer) };
}
