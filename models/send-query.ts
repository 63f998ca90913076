import type { QueryTarget, ReceivedAnswer, Telemetry } from '../contracts/telemetry.ts';
import { ModelError } from '../evaluation/model-error.ts';
import type { Answer } from '../evaluation/model-io.ts';
import type { Model } from '../evaluation/spec/models.ts';
import { type Availability, type Blame, ModelHeld, openPass, type Pass } from './availability.ts';
import type { Budget } from './budget.ts';
import type { Clock } from './clock.ts';
import type { Limiter, Permit } from './limiter.ts';
import type { ModelConnection, ModelRequest, ModelResponse } from './model-connection.ts';
import { QueryAbandoned } from './models.ts';
import { onAbort } from './on-abort.ts';
import { sendWithRetries } from './retry.ts';
import { SendError } from './send-error.ts';

/** What a query goes through. */
export interface Route {
  readonly connection: ModelConnection;
  readonly limiter: Limiter;
  readonly availability: Availability;
  readonly target: QueryTarget;
}

export interface QueryOptions {
  readonly request: Omit<ModelRequest, 'attempt'>;
  readonly signal: AbortSignal;
  readonly keep: (answer: Answer) => Promise<unknown>;
  readonly budget: Budget | undefined;
  readonly onSend: (() => void) | undefined;
  readonly clock: Clock;
  readonly held: AbortSignal | undefined;
  readonly telemetry: Telemetry;
}

/** One query from its first wait to its answer, or the error that is final for it. */
export async function sendQuery(route: Route, model: Model, options: QueryOptions): Promise<Answer> {
  const { availability, limiter, target } = route;
  const { request, signal, keep, budget, onSend, clock, held, telemetry } = options;
  const signals = [signal, availability.unusable, ...(budget === undefined ? [] : [budget.exhausted])];
  /** A wait ends early when the task is over, or the model, or what the run may spend. */
  const whileWorthwhile = async <T>(wait: () => Promise<T>): Promise<T> => {
    if (signal.aborted) throw new QueryAbandoned();
    try {
      availability.unusable.throwIfAborted();
      budget?.exhausted.throwIfAborted();
      return await wait();
    } catch (error) {
      throw signal.aborted && !(error instanceof ModelError) ? new QueryAbandoned() : error;
    }
  };

  const mayLeave = (pass: Pass): boolean => held?.aborted !== true && (pass.isProbe || availability.isOpen);

  /** Right before it leaves; false where meanwhile it turned out that it must not leave now. */
  const reserve = async (counting: Budget, pass: Pass, permit: Permit): Promise<boolean> => {
    try {
      await counting.reserve();
      const isOver = signal.aborted || availability.unusable.aborted;
      if (!isOver && mayLeave(pass)) return true;
      await counting.giveBack();
      signal.throwIfAborted();
      availability.unusable.throwIfAborted();
      return false;
    } catch (error) {
      permit.release('other');
      throw error;
    }
  };

  const getLeave = async (): Promise<{ readonly pass: Pass; readonly permit: Permit }> => {
    for (;;) {
      const pass = availability.isOpen ? openPass : await availability.enter(signals);
      try {
        const permit = await limiter.acquire(pass.isProbe ? signals : [...signals, availability.held]);
        if (mayLeave(pass) && (budget === undefined || (await reserve(budget, pass, permit)))) return { pass, permit };
        permit.release('other');
        if (held?.aborted === true) await waitForAbort(signals);
      } catch (error) {
        availability.leave(pass);
        if (!(error instanceof ModelHeld)) throw error;
      }
    }
  };

  /** Sends it once, and tells what came of it. */
  const send = async (attempt: number): Promise<ModelResponse> => {
    onSend?.();
    const observation = telemetry.querySent({ ...target, attempt, input: request.input });
    try {
      const response = await sendOnce(route.connection, model, { ...request, attempt });
      observation.answered(describeAnswer(response));
      return response;
    } catch (error) {
      observation.failed(describeFailure(error));
      throw error;
    }
  };
  /** Tells whether the model was found to be out, or back, meanwhile. */
  const watchOutage = <T>(hear: () => T): T => {
    const wasHeld = availability.outage !== undefined;
    try {
      return hear();
    } finally {
      const isHeld = availability.outage !== undefined;
      if (isHeld !== wasHeld) telemetry.modelHeld(target.model, isHeld);
    }
  };

  let startedAt = 0;
  let blame: Blame = 'query';
  availability.begin();
  const { value, failures } = await sendWithRetries(
    async (attempt) => {
      const wantedAt = clock.now();
      const { pass, permit } = await whileWorthwhile(getLeave);
      try {
        startedAt = clock.now();
        telemetry.queryWaited(target.model, startedAt - wantedAt);
        const response = await send(attempt);
        watchOutage(() => availability.answered());
        return { response, permit };
      } catch (error) {
        // Everybody is told before the permit, and the pass, let the next one go.
        try {
          if (error instanceof SendError) {
            if (error.retryAfterMs !== undefined) limiter.pauseUntil(clock.now() + error.retryAfterMs);
            blame = watchOutage(() => availability.failed(error, pass));
          }
        } finally {
          permit.release(error instanceof SendError && error.kind === 'overload' ? 'overloaded' : 'other');
        }
        throw error;
      } finally {
        availability.leave(pass);
      }
    },
    {
      maxRetries: model.max_retries,
      clock,
      wait: (durationMs) => whileWorthwhile(() => sleepUnlessHeld(durationMs, signals, availability, clock)),
      async findBlame(failure, isLast) {
        if (blame === 'model' || !isLast || !failure.isRetryable) return blame;
        return whileWorthwhile(() => availability.findBlame(signals));
      },
    },
  ).finally(() => availability.end());
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
  // Before it is kept: what was answered and paid for must not look as if nothing had been spent, whenever the power goes.
  await budget?.spend(model, answer.evidence.usage).catch((error: unknown) => {
    release();
    throw error;
  });
  keep(answer).then(release, release); // whoever keeps it hears of a failure
  return answer;
}

function describeAnswer({ output, evidence }: ModelResponse): ReceivedAnswer {
  const { served_model, request_id, finish_reason, usage } = evidence;
  return {
    servedModel: served_model,
    responseId: request_id,
    finishReason: finish_reason,
    inputTokens: usage?.num_prompt_tokens,
    outputTokens: usage?.num_completion_tokens,
    output,
  };
}

/** By kind, never by text, in which a service may repeat what it was asked. */
function describeFailure(error: unknown): { readonly type: string; readonly statusCode?: number | undefined } {
  if (error instanceof SendError) return { type: error.kind, statusCode: error.statusCode };
  return { type: error instanceof ModelError ? error.code : 'internal' };
}

async function sendOnce(connection: ModelConnection, model: Model, request: ModelRequest): Promise<ModelResponse> {
  const timeOut = new AbortController();
  const timer = setTimeout(() => timeOut.abort(), model.request_timeout * 1_000);
  try {
    return await connection.send(request, { signal: timeOut.signal });
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

/** Sleeps before a retry; a model that is held meanwhile is waited for elsewhere. */
async function sleepUnlessHeld(
  durationMs: number,
  signals: readonly AbortSignal[],
  { held }: Availability,
  clock: Clock,
): Promise<void> {
  const ended = new AbortController();
  const stopListening = onAbort([...signals, held], (reason) => ended.abort(reason));
  try {
    await clock.sleep(durationMs, ended.signal);
  } catch (error) {
    // Timers reject with an error of their own, not with the signal's reason.
    if (ended.signal.reason instanceof ModelHeld) return;
    ended.signal.throwIfAborted();
    throw error;
  } finally {
    stopListening();
  }
}
