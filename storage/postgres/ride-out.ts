import { setTimeout as sleep } from 'node:timers/promises';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { describe, type Fate, judgePostgresError, toPostgresError } from './postgres-error.ts';

export interface RideOutOptions {
  /** What is waited for, for people. */
  readonly place: string;
  /** How long one operation is tried again, milliseconds. */
  readonly patienceMs: number;
  /** Told when waiting begins and when it is over. */
  readonly onNotice: (text: string) => void;
}

const firstDelayMs = 50;
const longestDelayMs = 5_000;

/** The transaction whose end was not heard of is still at work: it is to be asked again. */
export class TransactionUndecided extends Error {
  override readonly name = 'TransactionUndecided';
}

/**
 * Tries operations again while the database cannot be reached, restarts, or fails over to another server. Every operation
 * has its own patience; what is waited for is said once for all of them.
 */
export class RideOut {
  readonly #options: RideOutOptions;
  readonly #closing = new AbortController();
  #isWaiting = false;

  constructor(options: RideOutOptions) {
    this.#options = options;
  }

  /** @param attempt - Has no effect, or the same effect, when it is run again after an error that is not final. */
  async run<T>(attempt: () => Promise<T>): Promise<T> {
    let failedSinceMs: number | undefined;
    for (let failures = 0; ; failures++) {
      this.#refuseClosed();
      try {
        const result = await attempt();
        this.#reportBack();
        return result;
      } catch (error) {
        const fate = error instanceof TransactionUndecided ? 'lost' : judgePostgresError(error);
        if (fate === 'final') throw toPostgresError(error, this.#options.place);
        this.#refuseClosed();
        failedSinceMs ??= performance.now();
        if (performance.now() - failedSinceMs >= this.#options.patienceMs) throw this.#makeGivenUp(fate, error);
        if (fate === 'lost') this.#reportWaiting(error);
        await this.#pause(failures);
      }
    }
  }

  /** Ends all waiting; what waits fails. */
  close(): void {
    this.#closing.abort();
  }

  async #pause(failures: number): Promise<void> {
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures, 10));
    // Many processes lost the same server: they should not come back as one.
    await sleep(delayMs * (0.5 + Math.random() / 2), undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  #refuseClosed(): void {
    if (!this.#closing.signal.aborted) return;
    throw new EvaluationError('store-failed', `The store at ${this.#options.place} has been closed.`);
  }

  #makeGivenUp(fate: Exclude<Fate, 'final'>, error: unknown): EvaluationError {
    const { place, patienceMs } = this.#options;
    const seconds = Math.round(patienceMs / 1_000);
    return fate === 'lost'
      ? new EvaluationError(
          'store-failed',
          `The store at ${place} could not be reached for ${seconds} s: ${describe(error)}.`,
          { hint: 'See to the server; then run the same command again.', cause: error },
        )
      : new EvaluationError('store-failed', `The store at ${place} has been locked for ${seconds} s.`, {
          hint: 'Another process holds it: see pg_locks and pg_stat_activity.',
          cause: error,
        });
  }

  #reportWaiting(error: unknown): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#options.onNotice(`Waiting for the store at ${this.#options.place}: ${describe(error)}.`);
  }

  #reportBack(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#options.onNotice(`The store at ${this.#options.place} is back.`);
  }
}
