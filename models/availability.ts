import type { ModelError } from '../evaluation/model-error.ts';
import type { Clock } from './clock.ts';
import { onAbort } from './on-abort.ts';
import type { SendError } from './send-error.ts';

/** Of queries that fail in a row, after so many the model is held. */
const heldAfterFailures = 20;
/** A service that asks for a longer pause is not there. */
const longestPauseMs = 600_000;
/** Probes of a model that refuses everything and has never answered. */
const refusedProbes = 3;
const firstProbeAfterMs = 1_000;
const longestProbeWaitMs = 60_000;

/** `limits.outage_patience_s` where nobody says. */
export const defaultPatienceMs = 1_800_000;

/** Leave to ask the limiter; a probe is the only query that is sent to a held model. */
export interface Pass {
  readonly isProbe: boolean;
}

/** Of a query to a model that answers. */
export const openPass: Pass = { isProbe: false };

/** Whose failure it was: the model's uses up no retry of the query, which waits until the model answers again. */
export type Blame = 'query' | 'model';

export interface Outage {
  readonly since: number;
  readonly failure: SendError;
  readonly nextProbeAt: number;
  readonly isProbing: boolean;
}

interface Hold {
  readonly since: number;
  failure: SendError;
  /** Waits before probes so far. */
  waits: number;
  nextProbeAt: number;
}

interface Waiter {
  grant(pass: Pass): void;
}

/** The reason of {@link Availability.held}: nothing is wrong with the query, it has to wait. */
export class ModelHeld extends Error {
  override readonly name = 'ModelHeld';
}

/**
 * Whether a model can be asked at all (format 19.3). Until it has been heard of, and while it is held, one query at a time
 * is let through as a probe, each from another waiting sample. It ends as soon as there is an answer, or for good when
 * patience is over.
 */
export class Availability {
  readonly #clock: Clock;
  readonly #describe: (failure: SendError, waitedMs: number) => ModelError;
  readonly #unusable = new AbortController();
  readonly #waiters = new Set<Waiter>();
  /** Queries whose retries are used up while it is open whether the model or they are to blame. */
  readonly #undecided = new Set<(blame: Blame) => void>();
  #patienceMs = defaultPatienceMs;
  #queries = 0;
  #isKnown = false;
  #hasAnswered = false;
  #failuresInRow = 0;
  #refusals = 0;
  #hold: Hold | undefined;
  #held = new AbortController();
  #isProbing = false;
  #timer = new AbortController();

  /** @param describe - Says for people why the model cannot be used. */
  constructor(clock: Clock, describe: (failure: SendError, waitedMs: number) => ModelError) {
    this.#clock = clock;
    this.#describe = describe;
  }

  /** Fires when the model turns out to be unusable; its reason is the error. */
  get unusable(): AbortSignal {
    return this.#unusable.signal;
  }

  /** Fires when the model is held: whoever is no probe enters again. */
  get held(): AbortSignal {
    return this.#held.signal;
  }

  get isOpen(): boolean {
    return this.#isKnown && this.#hold === undefined;
  }

  /** What is waited for; undefined while the model answers, and before its first query has ended. */
  get outage(): Outage | undefined {
    const hold = this.#hold;
    if (hold === undefined || this.#unusable.signal.aborted) return undefined;
    const { since, failure, nextProbeAt } = hold;
    return { since, failure, nextProbeAt, isProbing: this.#isProbing };
  }

  setPatience(patienceMs: number): void {
    this.#patienceMs = patienceMs;
  }

  /** A query begins; it must `end`. */
  begin(): void {
    this.#queries++;
  }

  end(): void {
    this.#queries--;
    this.#decideWhereNobodyElseCan();
  }

  /** Waits until the query may ask for leave to be sent; whoever gets in must `leave`. */
  async enter(signals: readonly AbortSignal[]): Promise<Pass> {
    this.unusable.throwIfAborted();
    if (this.isOpen) return openPass;
    return new Promise<Pass>((resolve, reject) => {
      const waiter: Waiter = {
        grant: (pass) => {
          stopListening();
          resolve(pass);
        },
      };
      const stopListening = onAbort(signals, (reason) => {
        this.#waiters.delete(waiter);
        reject(reason);
      });
      if (signals.some((signal) => signal.aborted)) return;
      this.#waiters.add(waiter);
      this.#serve();
    });
  }

  leave({ isProbe }: Pass): void {
    if (!isProbe) return;
    this.#isProbing = false;
    this.#serve();
  }

  answered(): void {
    this.#hasAnswered = true;
    this.#refusals = 0;
    this.#heard();
  }

  /** @throws {ModelError} `model-unusable` when no query has a chance, or patience is over. */
  failed(failure: SendError, { isProbe }: Pass): Blame {
    this.unusable.throwIfAborted();
    // No later query can be sent either.
    if (failure.kind === 'unsendable' && !this.#hasAnswered) this.#giveUp(failure);
    if (!this.#isTrouble(failure)) {
      if (failure.kind !== 'unsendable') this.#heard();
      return 'query';
    }
    this.#failuresInRow++;
    const isRefusal = failure.kind === 'refused' && !this.#hasAnswered;
    const isOut =
      this.#hold !== undefined ||
      !this.#isKnown ||
      isRefusal ||
      this.#failuresInRow >= heldAfterFailures ||
      (failure.retryAfterMs ?? 0) > longestPauseMs;
    if (!isOut) return 'query';
    this.#keepHeld(failure, isProbe);
    if (isRefusal && isProbe) this.#refusals++;
    if (this.#refusals >= refusedProbes || this.#isPatienceOver()) this.#giveUp(failure);
    return 'model';
  }

  /**
   * Whose fault it is that a query has no retry left: the model's if it is held before it answers anybody, also where
   * the last queries in a row are spread over many samples; the query's once another is answered, or nobody else asks.
   */
  findBlame(signals: readonly AbortSignal[]): Promise<Blame> {
    return new Promise<Blame>((resolve, reject) => {
      const decide = (blame: Blame) => {
        stopListening();
        resolve(blame);
      };
      const stopListening = onAbort(signals, (reason) => {
        this.#undecided.delete(decide);
        reject(reason);
      });
      if (signals.some((signal) => signal.aborted)) return;
      this.#undecided.add(decide);
      this.#decideWhereNobodyElseCan();
    });
  }

  close(): void {
    this.#timer.abort();
  }

  /** Whether a failure says something about the model rather than about the query. */
  #isTrouble(failure: SendError): boolean {
    if (failure.isRetryable) return true;
    return failure.kind === 'refused' && (!this.#hasAnswered || this.#hold !== undefined);
  }

  /** The model gave a sign of life. */
  #heard(): void {
    this.#failuresInRow = 0;
    this.#decide('query');
    if (this.isOpen) return;
    this.#isKnown = true;
    if (this.#hold !== undefined) {
      this.#hold = undefined;
      this.#held = new AbortController();
    }
    this.#serve();
  }

  #keepHeld(failure: SendError, isProbe: boolean): void {
    const now = this.#clock.now();
    const isNew = this.#hold === undefined;
    this.#hold ??= { since: now, failure, waits: 0, nextProbeAt: now };
    const hold = this.#hold;
    hold.failure = failure;
    if (isNew || isProbe) {
      hold.nextProbeAt = now + Math.min(longestProbeWaitMs, firstProbeAfterMs * 2 ** hold.waits);
      hold.waits++;
    }
    hold.nextProbeAt = Math.max(hold.nextProbeAt, now + (failure.retryAfterMs ?? 0));
    this.#decide('model');
    if (isNew) this.#held.abort(new ModelHeld());
  }

  #isPatienceOver(): boolean {
    return this.#hold !== undefined && this.#clock.now() - this.#hold.since >= this.#patienceMs;
  }

  #giveUp(failure: SendError): never {
    const waitedMs = this.#hold === undefined ? 0 : this.#clock.now() - this.#hold.since;
    this.#unusable.abort(this.#describe(failure, waitedMs));
    throw this.unusable.reason;
  }

  /** Lets in whoever may go. */
  #serve(): void {
    if (this.isOpen) {
      const waiters = [...this.#waiters];
      this.#waiters.clear();
      for (const waiter of waiters) waiter.grant(openPass);
      return;
    }
    const [next] = this.#waiters;
    if (next === undefined || this.#isProbing || this.#unusable.signal.aborted) return;
    const now = this.#clock.now();
    if (this.#hold !== undefined && this.#hold.nextProbeAt > now) {
      this.#serveAt(Math.min(this.#hold.nextProbeAt, this.#hold.since + this.#patienceMs) - now);
      return;
    }
    this.#isProbing = true;
    this.#waiters.delete(next);
    next.grant({ isProbe: true });
  }

  #serveAt(waitMs: number): void {
    this.#timer.abort();
    this.#timer = new AbortController();
    void this.#clock.sleep(Math.max(0, waitMs), this.#timer.signal).then(
      () => this.#wake(),
      () => {},
    );
  }

  #wake(): void {
    const hold = this.#hold;
    // Who waits is told at the end of patience; where nobody does, the next one finds out by a probe.
    if (hold !== undefined && this.#waiters.size > 0 && !this.#isProbing && this.#isPatienceOver()) {
      this.#unusable.abort(this.#describe(hold.failure, this.#clock.now() - hold.since));
      return;
    }
    this.#serve();
  }

  #decide(blame: Blame): void {
    if (this.#undecided.size === 0) return;
    const undecided = [...this.#undecided];
    this.#undecided.clear();
    for (const decide of undecided) decide(blame);
  }

  #decideWhereNobodyElseCan(): void {
    if (this.#undecided.size === this.#queries) this.#decide('query');
  }
}
