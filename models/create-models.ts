import type { ModuleHost } from '../contracts/module-host.ts';
import { ModelError } from '../evaluation/model-error.ts';
import type { Answer } from '../evaluation/model-io.ts';
import type { PlannedModel } from '../evaluation/plan.ts';
import type { Connection, Model } from '../evaluation/spec/models.ts';
import { Availability } from './availability.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Content } from './connections/connection-context.ts';
import { createConnection } from './connections/create-connection.ts';
import { Limiter, type Permit } from './limiter.ts';
import type { ModelConnection, ModelRequest, ModelResponse } from './model-connection.ts';
import { type Models, QueryAbandoned } from './models.ts';
import { onAbort } from './on-abort.ts';
import { sendWithRetries } from './retry.ts';
import { createSecrets, type Environment } from './secrets.ts';
import { SendError } from './send-error.ts';

export interface ModelsDependencies extends Partial<Clock> {
  readonly environment: Environment;
  readonly content: Content;
  readonly modules: ModuleHost;
  /** Once it fires nothing more is sent: what is not in flight waits for its own signal to be told what became of it. */
  readonly held?: AbortSignal;
}

/** Everything that the process holds for one model version with one set of secrets. */
interface Entry {
  readonly model: Model;
  readonly connection: ModelConnection;
  readonly limiter: Limiter;
  readonly availability: Availability;
}

/** Queries at once of what runs in this process, where the model does not say. */
const inProcessConcurrency = 256;

export function createModels(dependencies: ModelsDependencies): Models {
  const clock: Clock = { ...systemClock, ...pickClock(dependencies) };
  const entries = new Map<string, Entry>();
  const entriesOfPlanned = new WeakMap<PlannedModel, Entry>();
  const limiters = new Map<string, Limiter>();

  const getLimiter = (planned: PlannedModel): Limiter => {
    const { model } = planned;
    const group = model.limit_group === undefined ? `version ${planned.version}` : `group ${model.limit_group}`;
    let limiter = limiters.get(group);
    if (limiter === undefined) {
      limiter = new Limiter(clock, isInProcess(model.config) ? inProcessConcurrency : undefined);
      limiters.set(group, limiter);
    }
    limiter.tighten({ rateLimit: model.rate_limit, maxConcurrentRequests: model.max_concurrent_requests });
    return limiter;
  };

  const getEntry = (planned: PlannedModel): Entry => {
    const known = entriesOfPlanned.get(planned);
    if (known !== undefined) return known;
    const { model } = planned;
    // The version leaves out what only says where a secret's value lies and how the transport is secured.
    const identity = JSON.stringify([
      planned.version,
      model.config,
      model.secrets,
      model.limit_group,
      model.request_timeout,
    ]);
    const limiter = getLimiter(planned);
    let entry = entries.get(identity);
    if (entry === undefined) {
      const secrets = createSecrets(dependencies.environment, model.key);
      entry = {
        model,
        connection: createConnection({ ...dependencies, planned, secrets, clock }),
        limiter,
        availability: new Availability((failure) => describeUnusable(model, failure)),
      };
      entries.set(identity, entry);
    }
    entriesOfPlanned.set(planned, entry);
    return entry;
  };

  return {
    declare(planned) {
      for (const model of planned) getLimiter(model);
    },
    query: async (planned, request, signal, keep = keepNothing) =>
      query(getEntry(planned), planned.model, { request, signal, keep, clock, held: dependencies.held }),
    getConcurrency: (planned) => getLimiter(planned).getWorthwhileSamples(),
    async close() {
      for (const limiter of limiters.values()) limiter.close();
      await Promise.all([...entries.values()].map((entry) => entry.connection.close()));
    },
  };
}

interface QueryOptions {
  readonly request: Omit<ModelRequest, 'attempt'>;
  readonly signal: AbortSignal;
  readonly keep: (answer: Answer) => Promise<unknown>;
  readonly clock: Clock;
  readonly held: AbortSignal | undefined;
}

async function keepNothing(): Promise<void> {}

async function query(
  entry: Entry,
  model: Model,
  { request, signal, keep, clock, held }: QueryOptions,
): Promise<Answer> {
  const { availability, limiter } = entry;
  const signals = [signal, availability.unusable];
  /** A wait ends early when the task is over, or the model. */
  const whileWorthwhile = async <T>(wait: () => Promise<T>): Promise<T> => {
    if (signal.aborted) throw new QueryAbandoned();
    try {
      availability.unusable.throwIfAborted();
      return await wait();
    } catch (error) {
      throw signal.aborted && !(error instanceof ModelError) ? new QueryAbandoned() : error;
    }
  };

  const { isProbe } = await whileWorthwhile(() => availability.enter(signals));
  try {
    let startedAt = 0;
    let areAllSilent = true;
    const { value, failures } = await sendWithRetries(
      async (attempt) => {
        const permit = await whileWorthwhile(() => limiter.acquire(signals));
        if (held?.aborted === true) {
          permit.release('other');
          await whileWorthwhile(() => waitForAbort(signals));
        }
        startedAt = clock.now();
        const response = await sendOnce(entry, { ...request, attempt }, permit, clock);
        availability.answered();
        return { response, permit };
      },
      {
        maxRetries: model.max_retries,
        clock,
        wait: (durationMs) => whileWorthwhile(() => sleepUntilAborted(durationMs, signals, clock)),
        onFailure(failure, isLast) {
          areAllSilent &&= failure.kind === 'network';
          availability.failed(failure, { isLast, areAllSilent });
        },
      },
    );
    const { response, permit } = value;
    const answer: Answer = {
      output: response.output,
      evidence: {
        ...response.evidence,
        started_at: new Date(startedAt).toISOString(),
        duration_ms: Math.round(clock.now() - startedAt),
        retries: failures.map((failure) => ({
          error_type: failure.code,
          ...(failure.statusCode === undefined ? {} : { status: failure.statusCode }),
          message: failure.message,
        })),
      },
    };
    const release = () => permit.release('answered');
    keep(answer).then(release, release); // whoever keeps it hears of a failure
    return answer;
  } finally {
    if (isProbe) availability.leave();
  }
}

/** Sends and gives its leave back when there is no answer; with one the leave is held until the answer is kept. */
async function sendOnce(entry: Entry, request: ModelRequest, permit: Permit, clock: Clock): Promise<ModelResponse> {
  const timeOut = new AbortController();
  const timer = setTimeout(() => timeOut.abort(), entry.model.request_timeout * 1_000);
  try {
    return await entry.connection.send(request, { signal: timeOut.signal });
  } catch (error) {
    // The service speaks to everybody who shares this limit; so the pause begins before anybody else gets leave.
    if (error instanceof SendError && error.retryAfterMs !== undefined) {
      entry.limiter.pauseUntil(clock.now() + error.retryAfterMs);
    }
    permit.release(error instanceof SendError && error.kind === 'overload' ? 'overloaded' : 'other');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Never resolves; rejects with the reason of the first signal that fires. */
function waitForAbort(signals: readonly AbortSignal[]): Promise<never> {
  return new Promise((_, reject) => {
    onAbort(signals, reject);
  });
}

async function sleepUntilAborted(durationMs: number, signals: readonly AbortSignal[], clock: Clock): Promise<void> {
  const ended = new AbortController();
  const stopListening = onAbort(signals, (reason) => ended.abort(reason));
  try {
    await clock.sleep(durationMs, ended.signal);
  } catch (error) {
    // Timers reject with an error of their own, not with the signal's reason.
    ended.signal.throwIfAborted();
    throw error;
  } finally {
    stopListening();
  }
}

function describeUnusable(model: Model, failure: SendError): ModelError {
  const hint =
    failure.hint ??
    (failure.kind === 'network'
      ? 'Check that the service runs and that the address is right.'
      : 'Check the definition of the model.');
  return new ModelError(`Model "${model.key}" cannot be used: ${failure.message}`, {
    code: 'model-unusable',
    hint,
    statusCode: failure.statusCode,
    isRetryable: false,
    cause: failure,
  });
}

function isInProcess(config: Connection): boolean {
  return (
    config.connection_type === 'typescript' ||
    config.connection_type === 'recorded' ||
    config.connection_type === 'placeholder'
  );
}

function pickClock(clock: Partial<Clock>): Partial<Clock> {
  const { now, random, sleep } = clock;
  return { ...(now && { now }), ...(random && { random }), ...(sleep && { sleep }) };
}
