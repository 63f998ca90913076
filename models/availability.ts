import type { ModelError } from '../evaluation/model-error.ts';
import { onAbort } from './on-abort.ts';
import type { SendError } from './send-error.ts';

/**
 * Whether a model has a chance to answer at all. Until it has been heard of, one query at a time is let through (its
 * retries are what the wait for an unreachable service may take); a sign that no query will ever succeed, before the
 * first answer, makes it unusable for as long as this object lives.
 */
export class Availability {
  readonly #describe: (failure: SendError) => ModelError;
  readonly #unusable = new AbortController();
  readonly #waiters = new Set<() => void>();
  #hasAnswered = false;
  #isOpen = false;
  #isProbing = false;

  /** @param describe - Says for people why the model cannot be used. */
  constructor(describe: (failure: SendError) => ModelError) {
    this.#describe = describe;
  }

  /** Fires when the model turns out to be unusable; its reason is the error. */
  get unusable(): AbortSignal {
    return this.#unusable.signal;
  }

  /** Waits until the query may be sent; `isProbe` when it is the one that finds out, and must `leave` at its end. */
  async enter(signals: readonly AbortSignal[]): Promise<{ readonly isProbe: boolean }> {
    for (;;) {
      this.unusable.throwIfAborted();
      if (this.#isOpen) return { isProbe: false };
      if (!this.#isProbing) {
        this.#isProbing = true;
        return { isProbe: true };
      }
      await this.#waitForChange(signals);
    }
  }

  /** The probe has ended, however; the next one in line takes over if nothing was heard. */
  leave(): void {
    this.#isProbing = false;
    this.#wakeWaiters();
  }

  answered(): void {
    this.#hasAnswered = true;
    this.#open();
  }

  /**
   * @param areAllSilent - Whether this query met nothing but network errors.
   * @throws {ModelError} `model-unusable` when the failure says that no query has a chance.
   */
  failed(failure: SendError, query: { readonly isLast: boolean; readonly areAllSilent: boolean }): void {
    this.unusable.throwIfAborted();
    if (!this.#hasAnswered && (failure.kind === 'refused' || (query.isLast && query.areAllSilent))) {
      const error = this.#describe(failure);
      this.#unusable.abort(error);
      this.#wakeWaiters();
      throw error;
    }
    if (failure.kind !== 'network') this.#open();
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#wakeWaiters();
  }

  #wakeWaiters(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }

  async #waitForChange(signals: readonly AbortSignal[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const wake = () => {
        stopListening();
        resolve();
      };
      this.#waiters.add(wake);
      const stopListening = onAbort(signals, (reason) => {
        this.#waiters.delete(wake);
        reject(reason);
      });
    });
  }
}
