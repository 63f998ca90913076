import type { Clock } from './clock.ts';
import { adaptiveConcurrency, type Concurrency, fixedConcurrency } from './concurrency.ts';
import { onAbort } from './on-abort.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';

/** Leave to send one query. */
export interface Permit {
  release(outcome: 'answered' | 'overloaded' | 'other'): void;
}

export interface DeclaredLimits {
  readonly rateLimit?: number | undefined;
  readonly maxConcurrentRequests?: number | undefined;
}

interface Waiter {
  grant(permit: Permit): void;
}

/** The pace of one limit group: rate, concurrency, and pauses that the service asked for. First come, first served. */
export class Limiter {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  readonly #declared: { rateLimit: number; maxConcurrentRequests: number } = {
    rateLimit: Number.POSITIVE_INFINITY,
    maxConcurrentRequests: Number.POSITIVE_INFINITY,
  };
  #concurrency: Concurrency;
  #rate: RateLimit | undefined;
  #lastSentAt: number | undefined;
  #inFlight = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #isTimerSet = false;
  readonly #closed = new AbortController();

  /** @param defaultConcurrency - Queries at once where no model of the group says; undefined: found out. */
  constructor(clock: Clock, defaultConcurrency?: number) {
    this.#clock = clock;
    this.#concurrency = defaultConcurrency === undefined ? adaptiveConcurrency() : fixedConcurrency(defaultConcurrency);
  }

  /** Takes the limits of one more model in; of several values the smallest holds. */
  tighten(limits: DeclaredLimits): void {
    const { rateLimit, maxConcurrentRequests } = limits;
    if (rateLimit !== undefined && rateLimit < this.#declared.rateLimit) {
      this.#declared.rateLimit = rateLimit;
      this.#rate = createRateLimit(rateLimit);
      if (this.#lastSentAt !== undefined) this.#rate.take(this.#lastSentAt);
    }
    if (maxConcurrentRequests !== undefined && maxConcurrentRequests < this.#declared.maxConcurrentRequests) {
      this.#declared.maxConcurrentRequests = maxConcurrentRequests;
      this.#concurrency = fixedConcurrency(maxConcurrentRequests);
    }
  }

  /** Nobody sends before that moment. */
  pauseUntil(moment: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, moment);
  }

  /**
   * Twice what may be in flight: while finished samples are stored, others must be ready to be sent, or an adaptive limit
   * is never reached and never grows.
   */
  getWorthwhileSamples(): number {
    return 2 * this.#concurrency.limit;
  }

  /** Rejects with the reason of the first signal that fires before there is leave. */
  acquire(signals: readonly AbortSignal[]): Promise<Permit> {
    if (this.#waiters.size === 0 && this.#inFlight < this.#concurrency.limit && this.#readyAt() <= this.#clock.now()) {
      return Promise.resolve(this.#grant());
    }
    return new Promise<Permit>((resolve, reject) => {
      const waiter: Waiter = {
        grant: (permit) => {
          stopListening();
          resolve(permit);
        },
      };
      const stopListening = onAbort(signals, (reason) => {
        this.#waiters.delete(waiter);
        reject(reason);
      });
      if (signals.some((signal) => signal.aborted)) return;
      this.#waiters.add(waiter);
      this.#serveWaiters();
    });
  }

  close(): void {
    this.#closed.abort();
  }

  #readyAt(): number {
    return Math.max(this.#pausedUntil, this.#rate?.nextAt ?? Number.NEGATIVE_INFINITY);
  }

  #serveWaiters(): void {
    for (const waiter of this.#waiters) {
      if (this.#inFlight >= this.#concurrency.limit) return;
      const waitMs = this.#readyAt() - this.#clock.now();
      if (waitMs > 0) {
        this.#serveLater(waitMs);
        return;
      }
      this.#waiters.delete(waiter);
      waiter.grant(this.#grant());
    }
  }

  #serveLater(waitMs: number): void {
    if (this.#isTimerSet) return;
    this.#isTimerSet = true;
    void this.#clock.sleep(waitMs, this.#closed.signal).then(
      () => {
        this.#isTimerSet = false;
        this.#serveWaiters();
      },
      () => {},
    );
  }

  #grant(): Permit {
    this.#inFlight++;
    this.#lastSentAt = this.#clock.now();
    this.#rate?.take(this.#lastSentAt);
    const concurrency = this.#concurrency;
    const { epoch } = concurrency;
    const wasFull = this.#inFlight >= concurrency.limit;
    let isReleased = false;
    return {
      release: (outcome) => {
        if (isReleased) return;
        isReleased = true;
        this.#inFlight--;
        if (outcome === 'answered') concurrency.answered(wasFull);
        if (outcome === 'overloaded') concurrency.overloaded(epoch);
        this.#serveWaiters();
      },
    };
  }
}
