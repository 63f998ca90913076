import type { JsonObject } from '../../contracts/json.ts';
import type { Answer, ChatInput, ModelOutput } from '../../evaluation/model-io.ts';
import type { ModelRequest } from '../../models/model-connection.ts';
import { type Models, QueryAbandoned } from '../../models/models.ts';

/** A query as the fake got it. */
export interface FakeQuery {
  readonly model: string;
  /** Text of the last message. */
  readonly prompt: string;
  readonly sampleId: string;
  readonly trial: number;
  readonly row: JsonObject;
}

export type FakeHandler = (query: FakeQuery) => string | Promise<string>;

/** Models that count what is sent, answer with text as told, and let a few queries out at once. */
export interface FakeModels extends Models {
  readonly sent: readonly FakeQuery[];
  /** Resolves once so many queries have been sent. */
  untilSent(count: number): Promise<void>;
}

export function createFakeModels(answer: FakeHandler, options: { readonly concurrency?: number } = {}): FakeModels {
  const { concurrency = 4 } = options;
  const sent: FakeQuery[] = [];
  const waiting = new Set<() => void>();
  const watchers: { readonly count: number; readonly resolve: () => void }[] = [];
  let inFlight = 0;

  const send = async (query: FakeQuery): Promise<string> => {
    sent.push(query);
    for (const { count, resolve } of watchers) if (sent.length >= count) resolve();
    return answer(query);
  };

  return {
    sent,
    untilSent: (count) =>
      new Promise((resolve) => {
        if (sent.length >= count) resolve();
        else watchers.push({ count, resolve });
      }),
    declare() {},
    listOutages: () => [],
    async close() {},
    async query(planned, request, signal, keep): Promise<Answer> {
      while (inFlight >= concurrency && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
          signal.addEventListener('abort', wake, { once: true });
        });
      }
      if (signal.aborted) throw new QueryAbandoned();
      inFlight++;
      const release = () => {
        inFlight--;
        const [next] = waiting;
        next?.();
      };
      try {
        const text = await send({ model: planned.model.key, ...describeRequest(request) });
        const evidence = { started_at: '2026-01-01T00:00:00.000Z', duration_ms: 1, retries: [] };
        const answer = { output: makeChatOutput(text), evidence };
        // In flight until it is on disk, as with the real ones.
        void Promise.resolve(keep?.(answer)).then(release, release);
        return answer;
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

export function makeChatOutput(text: string): ModelOutput {
  return { choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }] };
}

function describeRequest({ input, sample, trial }: Omit<ModelRequest, 'attempt'>): Omit<FakeQuery, 'model'> {
  const content = (input as ChatInput).messages.at(-1)?.content;
  return {
    prompt: typeof content === 'string' ? content : JSON.stringify(content),
    sampleId: sample.id,
    trial,
    row: sample.row,
  };
}

/** A promise with its handles outside. */
export function makeGate<Value = void>(): { readonly promise: Promise<Value>; open(value: Value): void } {
  const resolvers: ((value: Value) => void)[] = [];
  const promise = new Promise<Value>((resolve) => resolvers.push(resolve));
  return { promise, open: (value) => resolvers.forEach((resolve) => resolve(value)) };
}
