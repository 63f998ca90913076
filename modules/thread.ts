import { Worker } from 'node:worker_threads';
import { findBuiltFile } from './built-file.ts';
import type { ModuleCall } from './module-call.ts';
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts';

/** How long a thread may take to say that it is alive before it counts as stuck. */
const stuckAfterMs = 1_000;

export interface ThreadEvents {
  finished(call: ModuleCall, message: Extract<FromThread, { type: 'result' | 'error' }>): void;
  /** The function is slow and the thread is well: the call has failed, others go on. */
  timedOut(call: ModuleCall): void;
  /** The thread is gone with all its calls; `culprit` where that is certain. */
  died(calls: readonly ModuleCall[], culprit: ModuleCall | undefined, cause: string): void;
}

/** A worker thread with the calls that are on it. */
export class Thread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #current: Int32Array;
  readonly #enteredAt: Float64Array;
  readonly #calls = new Map<number, ModuleCall>();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #memoryLimitMb: number;
  #outbox: ToThread[] = [];
  #isDead = false;
  #lastError: Error | undefined;

  constructor(memoryLimitMb: number, events: ThreadEvents) {
    this.#events = events;
    this.#memoryLimitMb = memoryLimitMb;
    const current = new SharedArrayBuffer(16);
    this.#current = new Int32Array(current, 0, 1);
    this.#enteredAt = new Float64Array(current, 8, 1);
    this.#worker = new Worker(findBuiltFile('modules/module-thread.js'), {
      workerData: { current } satisfies ThreadData,
      env: {},
      argv: [],
      execArgv: [],
      stdin: false,
      resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb },
    });
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.on('error', (error) => {
      this.#lastError = error;
    });
    this.#worker.on('exit', (code) => {
      const error = this.#lastError;
      this.#die(error === undefined ? `it ended its thread with exit code ${code}` : this.#tellError(error));
    });
    this.#worker.unref();
  }

  get load(): number {
    return this.#calls.size;
  }

  /** Whether a call that must be alone is here. */
  get isTaken(): boolean {
    for (const call of this.#calls.values()) if (call.isAlone) return true;
    return false;
  }

  run(call: ModuleCall): void {
    // A busy thread keeps the process alive, an idle one does not.
    if (this.#calls.size === 0) this.#worker.ref();
    this.#calls.set(call.id, call);
    const { id, type, url, exportName, argument } = call;
    this.#post(type === 'call' ? { type, id, url, exportName, argument } : { type, id, url, exportName });
    this.#expireAfter(call, call.timeoutMs);
  }

  /** The caller has lost interest; handled like a time-out that is over now. */
  abandon(call: ModuleCall): void {
    this.#expireAfter(call, 0);
  }

  /** Ends the thread; gives back the calls that were on it. */
  terminate(): readonly ModuleCall[] {
    this.#isDead = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    void this.#worker.terminate();
    return [...this.#calls.values()];
  }

  /** One message for all that is posted in the same turn. */
  #post(message: ToThread): void {
    if (this.#outbox.length === 0) {
      queueMicrotask(() => {
        const messages = this.#outbox;
        this.#outbox = [];
        if (!this.#isDead) this.#worker.postMessage(messages);
      });
    }
    this.#outbox.push(message);
  }

  #receive(message: FromThread): void {
    const call = this.#calls.get(message.id);
    if (call === undefined || this.#isDead) return;
    if (message.type === 'running') {
      this.#judgeRunning(call, message.runningMs);
      return;
    }
    this.#remove(call);
    this.#events.finished(call, message);
  }

  #expireAfter(call: ModuleCall, durationMs: number): void {
    this.#setTimer(call, durationMs, () => {
      this.#post({ type: 'ask', id: call.id });
      this.#setTimer(call, stuckAfterMs, () => this.#kill(call));
    });
  }

  /** The thread is well; the call may have waited for its turn longer than it ran. */
  #judgeRunning(call: ModuleCall, runningMs: number | undefined): void {
    const leftMs = call.isSettled ? 0 : call.timeoutMs - (runningMs ?? 0);
    if (leftMs > 0) {
      this.#expireAfter(call, leftMs);
      return;
    }
    this.#post({ type: 'abort', id: call.id });
    this.#remove(call);
    this.#events.timedOut(call);
  }

  /** The thread has not said a word for a while: somebody's code blocks it. */
  #kill(call: ModuleCall): void {
    const culprit = this.#findCurrent();
    const isSomebodyElse = culprit === undefined ? call.isSettled && this.#calls.size > 1 : culprit !== call;
    if (isSomebodyElse) {
      // Whoever computes has a timer of its own, which ends it if it never comes back.
      this.#setTimer(call, stuckAfterMs, () => this.#kill(call));
      return;
    }
    const leftMs =
      culprit === undefined || call.isSettled ? 0 : call.timeoutMs - (Date.now() - (this.#enteredAt[0] ?? 0));
    if (leftMs > 0) {
      this.#setTimer(call, leftMs, () => this.#kill(call));
      return;
    }
    this.#die(`it did not come back within ${call.timeoutMs / 1_000} s and blocked its thread`);
    void this.#worker.terminate();
  }

  #findCurrent(): ModuleCall | undefined {
    return this.#calls.get(Atomics.load(this.#current, 0));
  }

  #die(cause: string): void {
    if (this.#isDead) return;
    const culprit = this.#findCurrent();
    this.#isDead = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    const [only] = calls;
    this.#events.died(calls, calls.length === 1 ? only : culprit, cause);
  }

  #tellError(error: Error): string {
    return (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? `it used more than ${this.#memoryLimitMb} MB of memory`
      : `an error outside of the call ended its thread: ${error.message}`;
  }

  #setTimer(call: ModuleCall, durationMs: number, action: () => void): void {
    clearTimeout(this.#timers.get(call.id));
    this.#timers.set(call.id, setTimeout(action, Math.min(durationMs, 2 ** 31 - 1)));
  }

  #remove(call: ModuleCall): void {
    clearTimeout(this.#timers.get(call.id));
    this.#timers.delete(call.id);
    this.#calls.delete(call.id);
    if (this.#calls.size === 0) this.#worker.unref();
  }
}
