import type { EvaluationError } from '../contracts/evaluation-error.ts';
import type { AbortSignalLike } from '../contracts/module-host.ts';
import { Host } from './host.ts';
import type { HostCall, HostResult } from './host-call.ts';
import type { OpenHostChannel } from './host-channel.ts';

/** Calls that share one host at most: user code waits most of the time, but answers must not queue behind a slow one. */
const callsPerHost = 64;

export interface HostPoolOptions {
  /** Hosts at most; they start when there is work for them. */
  readonly hosts: number;
  readonly open: OpenHostChannel;
  /** Makes the error of a call that ended without a result. */
  readonly fail: (message: string) => EvaluationError;
}

/**
 * Hosts that run user code, and the calls for them, first come, first served. A host that dies takes down only the call that
 * killed it: where that is in doubt, its calls are tried once more, each alone.
 */
export class HostPool {
  readonly #options: HostPoolOptions;
  readonly #hosts = new Set<Host>();
  /** Second tries come first. */
  readonly #again: HostCall[] = [];
  readonly #waiting = new Set<HostCall>();
  readonly #hostOf = new WeakMap<HostCall, Host>();
  #lastId = 0;
  #isClosed = false;

  constructor(options: HostPoolOptions) {
    this.#options = options;
  }

  /** Rejects with the reason of a request that was not answered, else with what `fail` or the call's `describe` makes. */
  run(
    what: Pick<HostCall, 'name' | 'message' | 'timeoutMs' | 'answer' | 'describe'>,
    signal?: AbortSignalLike,
  ): Promise<HostResult> {
    const { fail } = this.#options;
    return new Promise<HostResult>((resolve, reject) => {
      if (this.#isClosed || signal?.aborted === true) {
        reject(fail(this.#isClosed ? 'The host of user code is closed.' : 'The call was given up.'));
        return;
      }
      this.#lastId = (this.#lastId % 0x7fff_ffff) + 1;
      const abandon = () => {
        settle(() => reject(fail('The call was given up.')));
        this.#waiting.delete(call);
        this.#hostOf.get(call)?.abandon(call);
      };
      const settle = (action: () => void) => {
        if (call.isSettled) return;
        call.isSettled = true;
        signal?.removeEventListener('abort', abandon);
        action();
      };
      const call: HostCall = {
        ...what,
        id: this.#lastId,
        isAlone: false,
        isSettled: false,
        resolve: (result) => settle(() => resolve(result)),
        reject: (error) => settle(() => reject(error)),
        giveUp: (reason) => settle(() => reject(reason)),
      };
      signal?.addEventListener('abort', abandon, { once: true });
      this.#waiting.add(call);
      this.#distribute();
    });
  }

  close(): void {
    this.#isClosed = true;
    const open = [...this.#waiting, ...this.#again, ...[...this.#hosts].flatMap((host) => host.terminate())];
    this.#waiting.clear();
    this.#again.length = 0;
    this.#hosts.clear();
    for (const call of open) call.reject(this.#options.fail('The host of user code is closed.'));
  }

  #distribute(): void {
    for (let call = this.#next(); call !== undefined; call = this.#next()) {
      const host = call.isSettled ? undefined : this.#findHost(call);
      if (host === undefined && !call.isSettled) return;
      this.#take(call);
      if (host === undefined) continue;
      this.#hostOf.set(call, host);
      host.run(call);
    }
  }

  #next(): HostCall | undefined {
    if (this.#isClosed) return undefined;
    return this.#again[0] ?? this.#waiting.values().next().value;
  }

  #take(call: HostCall): void {
    if (this.#again[0] === call) this.#again.shift();
    else this.#waiting.delete(call);
  }

  /** The least busy host that may take the call, a new one if all are busy and there may be more. */
  #findHost(call: HostCall): Host | undefined {
    let best: Host | undefined;
    for (const host of this.#hosts) {
      if (host.isTaken || host.load >= (call.isAlone ? 1 : callsPerHost)) continue;
      if (best === undefined || host.load < best.load) best = host;
    }
    if ((best === undefined || best.load > 0) && this.#hosts.size < this.#options.hosts)
      return this.#start(call) ?? best;
    return best;
  }

  #start(call: HostCall): Host | undefined {
    try {
      const host: Host = new Host(this.#options.open, {
        finished: (finished, message) => {
          if (message.type === 'error') finished.reject(finished.describe(message));
          else finished.resolve({ value: JSON.parse(message.value), log: message.log });
          this.#distribute();
        },
        timedOut: (late) => {
          late.reject(this.#options.fail(`${late.name} took longer than ${late.timeoutMs / 1_000} s.`));
          this.#distribute();
        },
        died: (calls, culprit, cause) => {
          this.#hosts.delete(host);
          this.#bury(calls, culprit, cause);
          this.#distribute();
        },
      });
      this.#hosts.add(host);
      return host;
    } catch (error) {
      call.giveUp(error);
      return undefined;
    }
  }

  /** Ends the call that killed its host; the others are tried once more, each alone. */
  #bury(calls: readonly HostCall[], culprit: HostCall | undefined, cause: string): void {
    for (const call of calls) {
      if (call === culprit) call.reject(this.#options.fail(`${call.name} failed: ${cause}.`));
      else if (!call.isSettled) {
        call.isAlone = true;
        this.#again.push(call);
      }
    }
  }
}
