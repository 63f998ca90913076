import vm from 'node:vm';
import { createMatchEstimate } from './estimate-match.ts';

/** A match took longer than it may. */
export class MatchTimeout extends Error {
  override readonly name = 'MatchTimeout';
}

/** Some 20 ms of matching. */
const harmlessSteps = 5_000_000;

/**
 * `pattern.exec(text)`, given up after `timeoutMs`.
 *
 * JavaScript cannot interrupt its own matcher, and a pattern that backtracks without end would hold the thread with all
 * its heartbeats. `node:vm` can: its watchdog ends the matcher too. But a watchdog is a thread for each call (70 to 250 µs
 * measured), so a match that cannot take long goes without.
 *
 * @returns a function that throws {@link MatchTimeout}.
 */
export function createGuardedMatch(pattern: RegExp, timeoutMs: number): (text: string) => RegExpExecArray | null {
  const estimate = createMatchEstimate(pattern);
  return (text) => (estimate(text) <= harmlessSteps ? pattern.exec(text) : matchUnderGuard(pattern, text, timeoutMs));
}

const slot: { pattern: RegExp | undefined; text: string } = { pattern: undefined, text: '' };
let guard: ((timeoutMs: number) => RegExpExecArray | null) | undefined;

function matchUnderGuard(pattern: RegExp, text: string, timeoutMs: number): RegExpExecArray | null {
  slot.pattern = pattern;
  slot.text = text;
  try {
    guard ??= createGuard();
    return guard(timeoutMs);
  } catch (error) {
    if (isWatchdogError(error)) throw new MatchTimeout();
    throw error;
  } finally {
    slot.pattern = undefined;
    slot.text = '';
  }
}

/** Context and script are made once per process; matching is synchronous, so that one slot is enough. */
function createGuard(): (timeoutMs: number) => RegExpExecArray | null {
  const context = vm.createContext({ slot });
  const script = new vm.Script('slot.pattern.exec(slot.text)');
  return (timeout) => script.runInContext(context, { timeout }) as RegExpExecArray | null;
}

/** The watchdog's error belongs to the other context, and is no instance of this one's `Error`. */
function isWatchdogError(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
