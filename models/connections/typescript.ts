import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import { isChatInput, type ModelInput } from '../../evaluation/model-io.ts';
import type { Connection } from '../../evaluation/spec/models.ts';
import { findFailure } from '../http/find-failure.ts';
import type { ModelConnection, ModelRequest } from '../model-connection.ts';
import { readEvidence } from '../read-evidence.ts';
import { SendError } from '../send-error.ts';
import type { ConnectionContext } from './connection-context.ts';

type TypescriptConnection = Extract<Connection, { connection_type: 'typescript' }>;

/** A function that the user wrote (format 17.4), run off the main thread. */
export function createTypescript(config: TypescriptConnection, context: ConnectionContext): ModelConnection {
  const { model, module } = context.planned;
  const secrets: JsonObject = Object.fromEntries(
    Object.entries(model.secrets).map(([name, reference]) => [name, context.secrets.get(reference)]),
  );
  const timeoutMs = model.request_timeout * 1_000;
  let loading: Promise<{ digest: string; source: string }> | undefined;
  const load = async () => {
    if (module === undefined) throw new EvaluationError('internal', 'The plan has no module for this model.');
    const bytes = await context.content.get(module.bundle.digest);
    return { digest: module.bundle.digest, source: new TextDecoder().decode(bytes) };
  };
  return {
    async send(request) {
      loading ??= load();
      const bundle = await loading;
      const argument: JsonObject = {
        ...toArgument(request.input),
        ...describe(request),
        generation: model.generation as JsonObject,
        options: config.options,
        secrets,
      };
      let result: JsonValue;
      try {
        // The host watches the time: it must tell a slow function from one that never comes back.
        result = await context.modules.call(bundle, config.export, argument, { timeoutMs });
      } catch (error) {
        throw toSendError(error, context);
      }
      const output =
        typeof result === 'string'
          ? { choices: [{ message: { role: 'assistant', content: result }, finish_reason: 'stop' }] }
          : result;
      return { output, evidence: readEvidence(output, output) };
    },
    close: async () => {},
  };
}

function toArgument(input: ModelInput): JsonObject {
  return isChatInput(input) ? { ...input } : { input };
}

function describe(request: ModelRequest): JsonObject {
  return { sample: request.sample.row, sampleId: request.sample.id, trial: request.trial };
}

function toSendError(error: unknown, context: ConnectionContext): unknown {
  if (!(error instanceof EvaluationError) || error.code !== 'module-failed') return error;
  const message = context.secrets.clean(error.message);
  const status = (error.cause as { status?: unknown } | undefined)?.status;
  if (typeof status === 'number') {
    const failure = findFailure(
      { status, headers: {}, body: JSON.stringify({ error: { message } }) },
      { address: 'The function', clean: context.secrets.clean, now: context.clock.now(), isJsonProtocol: true },
    );
    if (failure !== undefined) return failure;
  }
  return new SendError('rejected', message, {
    // What the function threw is the model's error; that it did not come back is the module's.
    code: error.cause === undefined ? 'module-failed' : 'model-error',
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    isRetryable: false,
  });
}
