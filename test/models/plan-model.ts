import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { ModuleHost } from '../../contracts/module-host.ts';
import type { ModelInput } from '../../evaluation/model-io.ts';
import type { PlannedModel } from '../../evaluation/plan.ts';
import { modelSchema } from '../../evaluation/spec/models.ts';
import type { Clock } from '../../models/clock.ts';
import { createModels } from '../../models/create-models.ts';
import type { Models } from '../../models/models.ts';

type WrittenModel = Omit<z.input<typeof modelSchema>, 'key'> & { readonly key?: string };

/** A planned model as a plan would hold it; its version is the digest of what was written. */
export function planModel(written: WrittenModel, more: Partial<Omit<PlannedModel, 'model'>> = {}): PlannedModel {
  const model = modelSchema.parse({ key: 'm', ...written });
  const counted = { ...model, rate_limit: null, max_concurrent_requests: null, limit_group: null };
  return { model, version: digestOf(JSON.stringify([counted, more])), ...more };
}

export function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Time passes a thousand times as fast: waits of retries and probes take milliseconds. */
export const hastyClock: Partial<Clock> = {
  now: () => performance.timeOrigin + 1_000 * performance.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, durationMs / 1_000);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      });
    }),
};

export const noModules: ModuleHost = {
  call: () => Promise.reject(new EvaluationError('internal', 'no modules here')),
  check: () => Promise.reject(new EvaluationError('internal', 'no modules here')),
  close: async () => {},
};

export function startModels(
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly blobs?: readonly string[];
    readonly modules?: ModuleHost;
    readonly held?: AbortSignal;
  } & Partial<Clock> = {},
): Models & AsyncDisposable {
  const { environment = {}, blobs = [], modules = noModules, held, ...clock } = options;
  const content = new Map(blobs.map((text) => [digestOf(text), new TextEncoder().encode(text)]));
  const models = createModels({
    environment,
    modules,
    ...(held === undefined ? {} : { held }),
    content: {
      get: async (digest) => {
        const bytes = content.get(digest);
        if (bytes === undefined) throw new EvaluationError('blob-missing', digest);
        return bytes;
      },
    },
    ...clock,
  });
  return { ...models, [Symbol.asyncDispose]: () => models.close() };
}

const never = new AbortController().signal;

export interface AskOptions {
  readonly sampleId?: string;
  readonly trial?: number;
  readonly call?: number;
  readonly signal?: AbortSignal;
}

/** Asks with a text as the only user message, or with an input as it stands. */
export function ask(
  models: Models,
  planned: PlannedModel,
  prompt: string | { readonly input: ModelInput },
  options: AskOptions = {},
) {
  const input: ModelInput =
    typeof prompt === 'string' ? { messages: [{ role: 'user', content: prompt }] } : prompt.input;
  const { sampleId = 's', trial = 0, call = 0, signal = never } = options;
  return models.query(planned, { input, sample: { id: sampleId, row: { question: 'q' } }, trial, call }, signal);
}

export async function failureOf(promise: Promise<unknown>): Promise<EvaluationError & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as EvaluationError & Record<string, unknown>;
  }
  throw new Error('It did not fail.');
}

export function textOf(answer: { readonly output: unknown }): unknown {
  return (answer.output as { choices?: { message?: { content?: unknown } }[] }).choices?.[0]?.message?.content;
}
