import type { JsonValue } from '../contracts/json.ts';
import type { AnswerRequest } from '../contracts/user-code.ts';
import type { HostCall } from './host-call.ts';
import type { HostChannel, OpenHostChannel } from './host-channel.ts';
import type { FromHost, ToHost } from './host-messages.ts';

/** How long a host may take to say that it is alive before it counts as stuck. */
const stuckAfterMs = 1_000;
const longestTimerMs = 2 ** 31 - 1;

export interface HostEvents {
  finished(call: HostCall, message: Extract<FromHost, { type: 'result' | 'error' }>): void;
  /** The function is slow and the host is well: the call has failed, others go on. */
  timedOut(call: HostCall): void;
  /** The host is gone with all its calls; `culprit` where that is certain. */
  died(calls: readonly HostCall[], culprit: HostCall | undefined, cause: string): void;
}

/** What a call has asked for; the time in which it waits does not count against its time-out. */
interface Waiting {
  readonly answer: AnswerRequest;
  requests: number;
  since: number;
  totalMs: number;
}

/** One thread or process with the calls that are in it, and the watch over their time. */
export class Host {
  readonly #channel: HostChannel;
  readonly #events: HostEvents;
  readonly #calls = new Map<number, HostCall>();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #waiting = new Map<number, Waiting>();
  #outbox: ToHost[] = [];
  #isDead = false;

  constructor(open: OpenHostChannel, events: HostEvents) {
    this.#events = events;
    this.#channel = open({
      heard: (message) => this.#receive(message),
      ended: (cause) => this.#die(cause),
    });
    this.#channel.setBusy(false);
  }

  get load(): number {
    return this.#calls.size;
  }

  /** Whether a call that must be alone is here. */
  get isTaken(): boolean {
    for (const call of this.#calls.values()) if (call.isAlone) return true;
    return false;
  }

  run(call: HostCall): void {
    if (this.#calls.size === 0) this.#channel.setBusy(true);
    this.#calls.set(call.id, call);
    this.#post({ ...call.message, type: 'call', id: call.id });
    this.#expireAfter(call, call.timeoutMs);
  }

  /** The caller has lost interest; handled like a time-out that is over now. */
  abandon(call: HostCall): void {
    this.#expireAfter(call, 0);
  }

  /** Ends the host; gives back the calls that were in it. */
  terminate(): readonly HostCall[] {
    this.#isDead = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#channel.terminate();
    return [...this.#calls.values()];
  }

  /** One message for all that is posted in the same turn. */
  #post(message: ToHost): void {
    if (this.#outbox.length === 0) {
      queueMicrotask(() => {
        const messages = this.#outbox;
        this.#outbox = [];
        if (!this.#isDead) this.#channel.post(messages);
      });
    }
    this.#outbox.push(message);
  }

  #receive(message: FromHost): void {
    const call = this.#calls.get(message.id);
    if (call === undefined || this.#isDead) return;
    switch (message.type) {
      case 'running':
        this.#judgeRunning(call, message.runningMs);
        return;
      case 'request':
        void this.#answer(call, message.requestId, message.value);
        return;
      case 'result':
      case 'error':
        this.#remove(call);
        this.#events.finished(call, message);
    }
  }

  async #answer(call: HostCall, requestId: number, request: string): Promise<void> {
    const { id } = call;
    if (call.answer === undefined) {
      const failure = { type: 'RuntimeError', message: 'Nothing can be asked from here.' };
      this.#post({ type: 'refusal', id, requestId, failure });
      return;
    }
    const waiting = this.#waiting.get(id) ?? { answer: call.answer(), requests: 0, since: 0, totalMs: 0 };
    this.#waiting.set(id, waiting);
    if (waiting.requests++ === 0) waiting.since = performance.now();
    try {
      const answer = await waiting.answer(JSON.parse(request) as JsonValue);
      if ('failure' in answer) this.#post({ type: 'refusal', id, requestId, failure: answer.failure });
      else this.#post({ type: 'response', id, requestId, value: JSON.stringify(answer.value) });
    } catch (error) {
      call.giveUp(error);
      this.abandon(call);
    } finally {
      if (--waiting.requests === 0) waiting.totalMs += performance.now() - waiting.since;
    }
  }

  #expireAfter(call: HostCall, durationMs: number): void {
    if (!this.#calls.has(call.id)) return;
    this.#setTimer(call, durationMs, () => {
      this.#post({ type: 'ask', id: call.id });
      this.#setTimer(call, stuckAfterMs, () => this.#kill(call));
    });
  }

  /** The host is well; the call may have waited for its turn, or for what it asked for, longer than it ran. */
  #judgeRunning(call: HostCall, runningMs: number | undefined): void {
    const leftMs = call.isSettled ? 0 : call.timeoutMs - Math.max(0, (runningMs ?? 0) - this.#findWaitedMs(call));
    if (leftMs > 0) {
      this.#expireAfter(call, leftMs);
      return;
    }
    this.#post({ type: 'abort', id: call.id });
    this.#remove(call);
    this.#events.timedOut(call);
  }

  #findWaitedMs({ id }: HostCall): number {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return 0;
    return waiting.totalMs + (waiting.requests > 0 ? performance.now() - waiting.since : 0);
  }

  /** The host has not said a word for a while: somebody's code blocks it. */
  #kill(call: HostCall): void {
    const current = this.#channel.readCurrent();
    const culprit = current === undefined ? undefined : this.#calls.get(current.id);
    const isSomebodyElse = culprit === undefined ? call.isSettled && this.#calls.size > 1 : culprit !== call;
    if (isSomebodyElse) {
      // Whoever computes has a timer of its own, which ends it if it never comes back.
      this.#setTimer(call, stuckAfterMs, () => this.#kill(call));
      return;
    }
    const leftMs =
      culprit === undefined || call.isSettled ? 0 : call.timeoutMs - (Date.now() - (current?.enteredAtMs ?? 0));
    if (leftMs > 0) {
      this.#setTimer(call, leftMs, () => this.#kill(call));
      return;
    }
    this.#die(`it did not come back within ${call.timeoutMs / 1_000} s and blocked what runs it`);
    this.#channel.terminate();
  }

  #die(cause: string): void {
    if (this.#isDead) return;
    const current = this.#channel.readCurrent();
    const culprit = current === undefined ? undefined : this.#calls.get(current.id);
    this.#isDead = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    const [only] = calls;
    this.#events.died(calls, calls.length === 1 ? only : culprit, cause);
  }

  #setTimer(call: HostCall, durationMs: number, action: () => void): void {
    clearTimeout(this.#timers.get(call.id));
    this.#timers.set(call.id, setTimeout(action, Math.min(durationMs, longestTimerMs)));
  }

  #remove(call: HostCall): void {
    clearTimeout(this.#timers.get(call.id));
    this.#timers.delete(call.id);
    this.#waiting.delete(call.id);
    this.#calls.delete(call.id);
    if (this.#calls.size === 0) this.#channel.setBusy(false);
  }
}
