import { availableParallelism } from 'node:os';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { JsonValue } from '../contracts/json.ts';
import type { AbortSignalLike, ModuleHost } from '../contracts/module-host.ts';
import { createBundleFiles } from './bundle-files.ts';
import type { ModuleCall } from './module-call.ts';
import { Thread, type ThreadEvents } from './thread.ts';

export interface ModuleHostOptions {
  /** Threads at most; they start when there is work for them. Default: one per core, 2 to 4. */
  readonly threads?: number;
  /** JavaScript heap of one thread. Default 512. */
  readonly memoryLimitMb?: number;
  /** How long a module may take to load in `check`. Default 30 s. */
  readonly loadTimeoutMs?: number;
}

/** Calls that share one thread at most: functions wait most of the time, but answers must not queue behind a slow one. */
const callsPerThread = 64;

/** A pool of worker threads for user code; see {@link ModuleHost} for what it bears. */
export function createModuleHost(options: ModuleHostOptions = {}): ModuleHost {
  const pool = new Pool(
    options.threads ?? Math.min(4, Math.max(2, availableParallelism())),
    options.memoryLimitMb ?? 512,
  );
  const files = createBundleFiles();
  return {
    call: (bundle, exportName, argument, { timeoutMs, signal }) =>
      pool.run(
        { type: 'call', url: files.getUrl(bundle), exportName, argument: JSON.stringify(argument), timeoutMs },
        signal,
      ),
    async check(bundle, exportName) {
      const timeoutMs = options.loadTimeoutMs ?? 30_000;
      try {
        await pool.run({ type: 'check', url: files.getUrl(bundle), exportName, argument: '', timeoutMs });
      } catch (error) {
        if (!(error instanceof EvaluationError) || error.code !== 'module-failed') throw error;
        throw new EvaluationError(
          'module-invalid',
          error.message,
          error.hint === undefined ? {} : { hint: error.hint },
        );
      }
    },
    async close() {
      pool.close();
      files.close();
    },
  };
}

class Pool {
  readonly #maxThreads: number;
  readonly #memoryLimitMb: number;
  readonly #threads = new Set<Thread>();
  /** First come, first served; second tries first. */
  readonly #again: ModuleCall[] = [];
  readonly #waiting = new Set<ModuleCall>();
  readonly #threadOf = new WeakMap<ModuleCall, Thread>();
  #lastId = 0;
  #isClosed = false;

  constructor(maxThreads: number, memoryLimitMb: number) {
    this.#maxThreads = maxThreads;
    this.#memoryLimitMb = memoryLimitMb;
  }

  run(
    what: Pick<ModuleCall, 'type' | 'url' | 'exportName' | 'argument' | 'timeoutMs'>,
    signal?: AbortSignalLike,
  ): Promise<JsonValue> {
    return new Promise<JsonValue>((resolve, reject) => {
      if (this.#isClosed || signal?.aborted === true) {
        reject(fail(this.#isClosed ? 'The module host is closed.' : 'The call was given up.'));
        return;
      }
      this.#lastId = (this.#lastId % 0x7fff_ffff) + 1;
      const abandon = () => {
        settle(() => reject(fail('The call was given up.')));
        this.#waiting.delete(call);
        this.#threadOf.get(call)?.abandon(call);
      };
      const settle = (action: () => void) => {
        if (call.isSettled) return;
        call.isSettled = true;
        signal?.removeEventListener('abort', abandon);
        action();
      };
      const call: ModuleCall = {
        ...what,
        id: this.#lastId,
        isAlone: false,
        isSettled: false,
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
      };
      signal?.addEventListener('abort', abandon, { once: true });
      this.#waiting.add(call);
      this.#distribute();
    });
  }

  close(): void {
    this.#isClosed = true;
    const open = [...this.#waiting, ...this.#again, ...[...this.#threads].flatMap((thread) => thread.terminate())];
    this.#waiting.clear();
    this.#again.length = 0;
    this.#threads.clear();
    for (const call of open) call.reject(fail('The module host is closed.'));
  }

  #distribute(): void {
    for (let call = this.#next(); call !== undefined; call = this.#next()) {
      const thread = call.isSettled ? undefined : this.#findThread(call);
      if (thread === undefined && !call.isSettled) return;
      this.#take(call);
      if (thread === undefined) continue;
      this.#threadOf.set(call, thread);
      thread.run(call);
    }
  }

  #next(): ModuleCall | undefined {
    if (this.#isClosed) return undefined;
    return this.#again[0] ?? this.#waiting.values().next().value;
  }

  #take(call: ModuleCall): void {
    if (this.#again[0] === call) this.#again.shift();
    else this.#waiting.delete(call);
  }

  /** The least busy thread that may take the call, a new one if all are busy and there may be more. */
  #findThread(call: ModuleCall): Thread | undefined {
    let best: Thread | undefined;
    for (const thread of this.#threads) {
      if (thread.isTaken || thread.load >= (call.isAlone ? 1 : callsPerThread)) continue;
      if (best === undefined || thread.load < best.load) best = thread;
    }
    if ((best === undefined || best.load > 0) && this.#threads.size < this.#maxThreads)
      return this.#start(call) ?? best;
    return best;
  }

  #start(call: ModuleCall): Thread | undefined {
    try {
      const thread: Thread = new Thread(this.#memoryLimitMb, {
        finished: (finished, message) => {
          this.#settle(finished, message);
          this.#distribute();
        },
        timedOut: (late) => {
          late.reject(fail(`"${late.exportName}" took longer than ${late.timeoutMs / 1_000} s.`));
          this.#distribute();
        },
        died: (calls, culprit, cause) => {
          this.#threads.delete(thread);
          this.#bury(calls, culprit, cause);
          this.#distribute();
        },
      });
      this.#threads.add(thread);
      return thread;
    } catch (error) {
      call.reject(error instanceof EvaluationError ? error : fail(`A thread could not be started: ${String(error)}`));
      return undefined;
    }
  }

  /** Ends the call that killed its thread; the others are tried once more, each alone. */
  #bury(calls: readonly ModuleCall[], culprit: ModuleCall | undefined, cause: string): void {
    for (const call of calls) {
      if (call === culprit) call.reject(fail(`"${call.exportName}" failed: ${cause}.`));
      else if (!call.isSettled) {
        call.isAlone = true;
        this.#again.push(call);
      }
    }
  }

  #settle(call: ModuleCall, message: Parameters<ThreadEvents['finished']>[1]): void {
    if (message.type === 'result') {
      call.resolve(JSON.parse(message.value) as JsonValue);
      return;
    }
    if (!message.isThrown) {
      call.reject(fail(message.message));
      return;
    }
    const cause = Object.assign(
      new Error(message.message),
      message.status === undefined ? {} : { status: message.status },
    );
    call.reject(new EvaluationError('module-failed', `"${call.exportName}" threw: ${message.message}`, { cause }));
  }
}

function fail(message: string): EvaluationError {
  return new EvaluationError('module-failed', message);
}
