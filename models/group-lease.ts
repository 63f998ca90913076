import { type Lease, type LimitLeases, leaseTermMs, sendWindowMs } from '../contracts/limit-leases.ts';
import type { Clock } from './clock.ts';
import type { DeclaredLimits } from './limiter.ts';

export interface GroupLeaseOptions {
  readonly leases: LimitLeases;
  readonly group: string;
  readonly holderId: string;
  readonly clock: Clock;
  /** What the holder's queries are doing now. */
  readonly usage: () => { readonly inFlight: number; readonly waiting: number };
  /** There may be more leave than before. */
  readonly onChange: () => void;
  /** The store could not be asked, and no leave is left. */
  readonly onFailure: (error: unknown) => void;
}

const renewEveryMs = 500;
/** While others are to give back what is this holder's share. */
const renewShortEveryMs = 100;
/** Between two renewals at least. */
const shortestPauseMs = 20;
/** The store's clock and ours are compared only as well as its answer is quick. */
const usableForMs = sendWindowMs - 100;

interface Held {
  readonly slots: number;
  readonly hasRate: boolean;
  readonly isOverdrawn: boolean;
  readonly isShort: boolean;
  /** When the store was asked. */
  readonly at: number;
}

/**
 * This process's slice of one limit group. Between two renewals, about twice a second, it costs a query nothing but a look;
 * while nothing is in flight or waiting, it holds nothing.
 */
export class GroupLease {
  readonly #options: GroupLeaseOptions;
  #declared: DeclaredLimits = {};
  #held: Held | undefined;
  #sendMoments: number[] = [];
  #fullBatch = 0;
  /** While a renewal is under way no more may be in flight than it was told. */
  #ceiling = Number.POSITIVE_INFINITY;
  #renewAt = Number.POSITIVE_INFINITY;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #isRunning = false;
  #sleep = new AbortController();
  #isClosed = false;

  constructor(options: GroupLeaseOptions) {
    this.#options = options;
  }

  declare(declared: DeclaredLimits): void {
    this.#declared = declared;
    if (this.#held !== undefined) this.#renewSoon();
  }

  /** Queries that may be in flight now. */
  findSlots(now: number): number {
    const held = this.#held;
    if (held === undefined || now - held.at > leaseTermMs) {
      this.#renewSoon();
      return 0;
    }
    return Math.min(held.slots, this.#ceiling);
  }

  /** The earliest moment at which the next query may leave; infinite until the store has named one. */
  findNextSendAt(now: number): number {
    if (this.#held?.hasRate !== true) return Number.NEGATIVE_INFINITY;
    while (this.#sendMoments.length > 0 && now > (this.#sendMoments[0] as number) + usableForMs)
      this.#sendMoments.shift();
    const next = this.#sendMoments[0];
    if (next !== undefined) return next;
    this.#renewSoon();
    return Number.POSITIVE_INFINITY;
  }

  /** A query leaves. */
  take(): void {
    if (this.#held?.hasRate !== true) return;
    this.#sendMoments.shift();
    if (this.#sendMoments.length <= this.#fullBatch / 2 && this.#options.usage().waiting > 0) this.#renewSoon();
  }

  /** A query has ended. */
  released(): void {
    if (this.#held?.isOverdrawn === true) this.#renewSoon();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sleep.abort();
    if (this.#held !== undefined) await this.#giveBack();
  }

  #renewSoon(): void {
    if (this.#isClosed) return;
    const soon = this.#renewedAt + shortestPauseMs;
    if (soon < this.#renewAt) {
      this.#renewAt = soon;
      this.#sleep.abort();
    }
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (!this.#isClosed) {
        await this.#sleepUntilDue();
        if (this.#isClosed) return;
        const { inFlight, waiting } = this.#options.usage();
        if (inFlight === 0 && waiting === 0 && this.#held !== undefined) {
          await this.#giveBack();
          if (this.#renewAt === Number.POSITIVE_INFINITY) return;
        } else {
          await this.#renew(inFlight, waiting);
        }
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #sleepUntilDue(): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const waitMs = this.#renewAt - clock.now();
      if (waitMs <= 0 || this.#isClosed) return;
      this.#sleep = new AbortController();
      await clock.sleep(waitMs, this.#sleep.signal).catch(() => undefined);
    }
  }

  async #renew(inFlight: number, waiting: number): Promise<void> {
    const { leases, group, holderId, clock, onChange, onFailure } = this.#options;
    const at = clock.now();
    this.#ceiling = inFlight;
    this.#renewAt = Number.POSITIVE_INFINITY;
    try {
      const lease = await leases.renew({
        group,
        holderId,
        ...this.#declared,
        inFlight,
        waiting,
        sends: this.#countSends(waiting),
      });
      this.#keep(lease, at);
    } catch (error) {
      // Nobody else relies on this: the slice is known to be ours until its term is over.
      if (this.#held === undefined || clock.now() - this.#held.at > leaseTermMs) onFailure(error);
    } finally {
      this.#ceiling = Number.POSITIVE_INFINITY;
      this.#renewedAt = clock.now();
      const pauseMs = this.#held?.isShort === true ? renewShortEveryMs : renewEveryMs;
      this.#renewAt = Math.min(this.#renewAt, this.#renewedAt + pauseMs);
    }
    onChange();
  }

  #countSends(waiting: number): number {
    const isFirst = this.#held === undefined;
    const isRunningOut = this.#held?.hasRate === true && this.#sendMoments.length <= this.#fullBatch / 2;
    return isFirst || isRunningOut ? Math.max(0, waiting - this.#sendMoments.length) : 0;
  }

  #keep({ slots, sendsInMs, ...state }: Lease, at: number): void {
    const now = this.#options.clock.now();
    this.#held = { ...state, slots: slots ?? Number.POSITIVE_INFINITY, hasRate: sendsInMs !== null, at };
    if (sendsInMs === null) {
      this.#sendMoments = [];
    } else if (sendsInMs.length > 0) {
      this.#fullBatch = sendsInMs.length;
      this.#sendMoments.push(...sendsInMs.map((inMs) => now + inMs));
    }
  }

  async #giveBack(): Promise<void> {
    const { leases, group, holderId } = this.#options;
    this.#held = undefined;
    this.#sendMoments = [];
    this.#renewAt = Number.POSITIVE_INFINITY;
    // Not worth an error: without renewals the others take it by themselves.
    await leases.release(group, holderId).catch(() => undefined);
  }
}
