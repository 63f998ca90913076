import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import type { Clock } from '../../models/clock.ts';
import { digestOf, noModules, planModel, startModels } from './plan-model.ts';

/** A query as the function got it. */
export interface Call {
  readonly prompt: string;
  /** By the models' clock. */
  readonly at: number;
  /** How often this prompt came before. */
  readonly earlier: number;
}

/** A text, or the status of a service that fails. */
export type Reply = string | number;

/** A model without any input or output, so that a virtual clock is all that passes. */
export function createFunctionModel(options: {
  readonly clock: Clock;
  readonly reply: (call: Call) => Reply | Promise<Reply>;
  readonly model?: Omit<Parameters<typeof planModel>[0], 'config'>;
}) {
  const { clock, reply } = options;
  const source = 'export default () => "";';
  const calls: Call[] = [];
  const counts = new Map<string, number>();
  let inFlight = 0;
  let highestInFlight = 0;
  const models = startModels({
    ...clock,
    blobs: [source],
    modules: {
      ...noModules,
      async call(_bundle, _name, argument) {
        const { messages } = argument as unknown as { messages: readonly { content: string }[] };
        const prompt = messages.at(-1)?.content ?? '';
        const earlier = counts.get(prompt) ?? 0;
        counts.set(prompt, earlier + 1);
        const call = { prompt, at: clock.now(), earlier };
        calls.push(call);
        inFlight++;
        highestInFlight = Math.max(highestInFlight, inFlight);
        try {
          const replied: JsonValue = await reply(call);
          if (typeof replied === 'string') return replied;
          throw new EvaluationError('module-failed', 'It failed.', { cause: { status: replied } });
        } finally {
          inFlight--;
        }
      },
    },
  });
  const model = planModel(
    { ...options.model, config: { connection_type: 'typescript', module: './model.ts' } },
    { module: { bundle: { digest: digestOf(source), sizeBytes: source.length }, version: digestOf(source) } },
  );
  return {
    models,
    model,
    calls,
    get highestInFlight() {
      return highestInFlight;
    },
  };
}

/** What became of promises, by name, as it becomes known. */
export function watch<T>(promises: ReadonlyMap<string, Promise<T>>) {
  const answers = new Map<string, T>();
  const errors = new Map<string, Error & { readonly code?: string }>();
  for (const [name, promise] of promises) {
    promise.then(
      (value) => answers.set(name, value),
      (error: unknown) => errors.set(name, error as Error),
    );
  }
  return { answers, errors };
}
