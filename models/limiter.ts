import type { LimitLeases } from '../contracts/limit-leases.ts';
import type { Clock } from './clock.ts';
import { adaptiveConcurrency, type Concurrency, fixedConcurrency } from './concurrency.ts';
import { GroupLease } from './group-lease.ts';
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

export interface LimiterOptions {
  /** Queries at once where no model of the group says; undefined: found out. */
  readonly defaultConcurrency?: number | undefined;
  /** Where the group's limits are shared with other holders of it; absent: they hold within this limiter. */
  readonly shared?: { readonly leases: LimitLeases; readonly group: string; readonly holderId: string } | undefined;
}

interface Waiter {
  grant(permit: Permit): void;
  fail(error: unknown): void;
}

/** The pace of one limit group: rate, concurrency, and pauses that the service asked for. First come, first served. */
export class Limiter {
  readonly #clock: Clock;
  readonly #shared: LimiterOptions['shared'];
  readonly #waiters = new Set<Waiter>();
  readonly #declared: { rateLimit?: number; maxConcurrentRequests?: number } = {};
  #concurrency: Concurrency;
  #rate: RateLimit | undefined;
  #lease: GroupLease | undefined;
  #lastSentAt: number | undefined;
  #inFlight = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #isTimerSet = false;
  readonly #closed = new AbortController();

  constructor(clock: Clock, { defaultConcurrency, shared }: LimiterOptions = {}) {
    this.#clock = clock;
    this.#shared = shared;
    this.#concurrency = defaultConcurrency === undefined ? adaptiveConcurrency() : fixedConcurrency(defaultConcurrency);
  }

  /** Takes the limits of one more model in; of several values the smallest holds. */
  tighten(limits: DeclaredLimits): void {
    const { rateLimit, maxConcurrentRequests } = limits;
    if (rateLimit !== undefined && rateLimit < (this.#declared.rateLimit ?? Number.POSITIVE_INFINITY)) {
      this.#declared.rateLimit = rateLimit;
      if (this.#shared === undefined) {
        this.#rate = createRateLimit(rateLimit);
        if (this.#lastSentAt !== undefined) this.#rate.take(this.#lastSentAt);
      } else {
        this.share();
      }
    }
    const known = this.#declared.maxConcurrentRequests ?? Number.POSITIVE_INFINITY;
    if (maxConcurrentRequests !== undefined && maxConcurrentRequests < known) {
      this.#declared.maxConcurrentRequests = maxConcurrentRequests;
      this.#concurrency = fixedConcurrency(maxConcurrentRequests);
      this.share();
    }
  }

  /** From now on whoever else holds the group has a say, even where nothing is declared here. */
  share(): void {
    if (this.#shared === undefined) return;
    this.#lease ??= new GroupLease({
      ...this.#shared,
      clock: this.#clock,
      usage: () => ({ inFlight: this.#inFlight, waiting: this.#waiters.size }),
      onChange: () => this.#serveWaiters(),
      onFailure: (error) => this.#failWaiters(error),
    });
    this.#lease.declare({ ...this.#declared });
  }

  /** Nobody sends before that moment. */
  pauseUntil(moment: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, moment);
  }

  /** Rejects with the reason of the first signal that fires before there is leave, or where the store cannot be asked. */
  acquire(signals: readonly AbortSignal[]): Promise<Permit> {
    if (this.#waiters.size === 0) {
      const now = this.#clock.now();
      if (this.#pausedUntil <= now && this.#hasRoom(now) && this.#findNextSendAt(now) <= now) {
        return Promise.resolve(this.#grant(now));
      }
    }
    return new Promise<Permit>((resolve, reject) => {
      const waiter: Waiter = {
        grant: (permit) => {
          stopListening();
          resolve(permit);
        },
        fail: (error) => {
          stopListening();
          reject(error);
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

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#lease?.close();
  }

  #hasRoom(now: number): boolean {
    if (this.#inFlight >= this.#concurrency.limit) return false;
    return this.#lease === undefined || this.#inFlight < this.#lease.findSlots(now);
  }

  #findNextSendAt(now: number): number {
    return this.#lease?.findNextSendAt(now) ?? this.#rate?.nextAt ?? Number.NEGATIVE_INFINITY;
  }

  #serveWaiters(): void {
    for (const waiter of this.#waiters) {
      const now = this.#clock.now();
      if (this.#pausedUntil > now) {
        this.#serveLater(this.#pausedUntil - now);
        return;
      }
      if (!this.#hasRoom(now)) return;
      const waitMs = this.#findNextSendAt(now) - now;
      if (waitMs > 0) {
        // A moment that is not known yet is told by the lease.
        if (Number.isFinite(waitMs)) this.#serveLater(waitMs);
        return;
      }
      this.#waiters.delete(waiter);
      waiter.grant(this.#grant(now));
    }
  }

  #failWaiters(error: unknown): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.fail(error);
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

  #grant(now: number): Permit {
    this.#inFlight++;
    this.#lastSentAt = now;
    this.#rate?.take(now);
    this.#lease?.take();
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
        this.#lease?.released();
        this.#serveWaiters();
      },
    };
  }
}
