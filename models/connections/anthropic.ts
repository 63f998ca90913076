import { createAnthropic as createProvider } from '@ai-sdk/anthropic';
import type { LanguageModelV3CallOptions, LanguageModelV3GenerateResult } from '@ai-sdk/provider';
import type { JsonObject } from '../../contracts/json.ts';
import { ModelError } from '../../evaluation/model-error.ts';
import { type ChatInput, isChatInput } from '../../evaluation/model-io.ts';
import type { Generation } from '../../evaluation/spec/models.ts';
import { appendPath, showAddress } from '../http/address.ts';
import { findFailure } from '../http/find-failure.ts';
import { createHttpClient, type HttpResponse } from '../http/http-client.ts';
import { isObject } from '../is-object.ts';
import type { ModelConnection } from '../model-connection.ts';
import { readEvidence } from '../read-evidence.ts';
import { SendError } from '../send-error.ts';
import type { ConnectionContext } from './connection-context.ts';
import { toPrompt } from './to-prompt.ts';

const defaultMaxTokens = 4_096;

interface Target {
  readonly baseUrl: string;
  readonly modelKey: string;
  readonly apiKey: string;
}

/** The Messages protocol: the provider package translates, our own client sends. */
export function createAnthropic(target: Target, context: ConnectionContext): ModelConnection {
  const { generation } = context.planned.model;
  refuseUnknownParameters(context);
  const client = createHttpClient();
  const url = appendPath(target.baseUrl, 'messages');
  const address = context.secrets.clean(showAddress(url));
  return {
    async send(request, { signal }) {
      const { input } = request;
      if (!isChatInput(input)) {
        throw new SendError('rejected', 'The Messages protocol takes a chat: the input has no "messages".', {
          isRetryable: false,
        });
      }
      const { messages, response_format, ...more } = input;
      let response: HttpResponse | undefined;
      let failure: SendError | undefined;
      const provider = createProvider({
        apiKey: target.apiKey,
        baseURL: target.baseUrl.replace(/\/+$/, ''),
        // The package knows a part of the protocol; the rest goes past it.
        fetch: async (_url, init) => {
          if (typeof init?.body !== 'string')
            throw new TypeError('The provider package sends something else than text.');
          const body = { ...(JSON.parse(init.body) as JsonObject), ...generation.extra, ...more };
          try {
            response = await client.post(url, toRecord(init.headers), JSON.stringify(body), signal);
            failure = findFailure(response, {
              address,
              clean: context.secrets.clean,
              now: context.clock.now(),
              isJsonProtocol: true,
            });
          } catch (error) {
            if (!(error instanceof SendError)) throw error;
            failure = error;
          }
          if (failure !== undefined) throw failure;
          return new Response(response?.body ?? '', {
            status: response?.status ?? 200,
            headers: { 'content-type': 'application/json' },
          });
        },
      });
      let result: LanguageModelV3GenerateResult;
      try {
        result = await provider(target.modelKey).doGenerate({
          prompt: toPrompt(messages),
          ...toOptions(generation, response_format),
        });
      } catch (error) {
        if (error instanceof ModelError) throw error;
        throw failure ?? unreadable(address, response, context, error);
      }
      const body = result.response?.body;
      const output = toOutput(result, isObject(body) ? body : {});
      return { output, evidence: readEvidence(isObject(body) ? body : {}, output, response?.headers) };
    },
    close: () => client.close(),
  };
}

/** What this protocol has no name for would be left out without a word. */
function refuseUnknownParameters(context: ConnectionContext): void {
  const { key, generation } = context.planned.model;
  const names = (['seed', 'frequency_penalty', 'presence_penalty'] as const).filter(
    (name) => generation[name] !== undefined,
  );
  if (names.length === 0) return;
  throw new ModelError(`Model "${key}" cannot be used: the Messages protocol has no ${names.join(', ')}.`, {
    code: 'model-unusable',
    hint: `Take ${names.join(', ')} out of the model's generation.`,
    isRetryable: false,
  });
}

function toOptions(
  generation: Generation,
  format: ChatInput['response_format'],
): Omit<LanguageModelV3CallOptions, 'prompt'> {
  const { temperature, top_p, max_tokens, stop, reasoning_effort } = generation;
  const schema =
    format?.['type'] === 'json_schema' && isObject(format['json_schema']) ? format['json_schema'] : undefined;
  return {
    maxOutputTokens: max_tokens ?? defaultMaxTokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(top_p === undefined ? {} : { topP: top_p }),
    ...(stop === undefined ? {} : { stopSequences: typeof stop === 'string' ? [stop] : stop }),
    ...(reasoning_effort === undefined ? {} : { providerOptions: { anthropic: { effort: reasoning_effort } } }),
    ...(schema === undefined
      ? {}
      : {
          responseFormat: {
            type: 'json',
            ...(isObject(schema['schema']) ? { schema: schema['schema'] as NonNullable<unknown> } : {}),
            ...(typeof schema['name'] === 'string' ? { name: schema['name'] } : {}),
          },
        }),
  };
}

/** The answer in the chat form of format 15.2. */
function toOutput(result: LanguageModelV3GenerateResult, body: JsonObject): JsonObject {
  const texts: string[] = [];
  const reasoning: string[] = [];
  const calls: JsonObject[] = [];
  for (const part of result.content) {
    if (part.type === 'text') texts.push(part.text);
    if (part.type === 'reasoning') reasoning.push(part.text);
    if (part.type === 'tool-call') {
      calls.push({ id: part.toolCallId, type: 'function', function: { name: part.toolName, arguments: part.input } });
    }
  }
  const message: JsonObject = {
    role: 'assistant',
    content: texts.length === 0 ? null : texts.join(''),
    ...(reasoning.length === 0 ? {} : { reasoning: reasoning.join('\n') }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  const usage = body['usage'];
  return {
    choices: [{ message, finish_reason: result.finishReason.unified.replace('-', '_') }],
    ...(usage === undefined ? {} : { usage }),
  };
}

function unreadable(
  address: string,
  response: HttpResponse | undefined,
  context: ConnectionContext,
  cause: unknown,
): SendError {
  const what =
    response === undefined
      ? `The request to ${address} could not be made: ${context.secrets.clean(cause instanceof Error ? cause.message : String(cause))}`
      : `${address} answered ${response.status} with what is no message: ${context.secrets.clean(response.body, 200)}`;
  return new SendError('rejected', what, { statusCode: response?.status, isRetryable: false });
}

function toRecord(headers: ConstructorParameters<typeof Headers>[0]): Record<string, string> {
  return Object.fromEntries(new Headers(headers).entries());
}
