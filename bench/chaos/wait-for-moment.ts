import { setTimeout as sleep } from 'node:timers/promises';
import type { Changes } from './changes.ts';
import type { Interruption } from './draw-interruption.ts';
import type { RoundView } from './round-view.ts';

/** Waits for what the interruption is tied to, and then for its delay; rejects when the round is over before that. */
export async function waitForMoment(
  { moment, delayMs, share }: Pick<Interruption, 'moment' | 'delayMs' | 'share'>,
  round: {
    readonly changes: Changes;
    readonly view: RoundView;
    readonly hasRun: () => boolean;
    /** When what is to be interrupted was started. */
    readonly getStartMs: () => number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { changes, view, hasRun, signal } = round;
  const { left, judged } = view;
  const some = Math.max(1, Math.round(share * left));
  const until = (condition: () => boolean) => changes.waitUntil(condition, signal);
  let waitMs = delayMs;
  switch (moment) {
    case 'start-up':
      if (!hasRun()) waitMs -= performance.now() - round.getStartMs();
      break;
    case 'planned':
      await until(hasRun);
      break;
    case 'progress':
      await until(() => view.left <= left - some);
      break;
    case 'judging':
      await until(() => view.judged >= judged + some / 4);
      break;
    case 'solved':
      await until(() => hasRun() && view.isEverythingSolved);
      break;
    case 'everything-answered':
      await until(() => hasRun() && view.isEverythingAnswered);
      break;
  }
  await sleep(Math.max(0, waitMs), undefined, { signal });
}
