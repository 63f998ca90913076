import type { Connection } from '../../evaluation/spec/models.ts';
import { openaiChatCompletionAdapter } from '../adapters/openai-chat-completion.ts';
import { appendPath } from '../http/address.ts';
import type { ModelConnection } from '../model-connection.ts';
import type { ConnectionContext } from './connection-context.ts';
import { createHttpModel } from './http-model.ts';

type OpenaiCompatibleConnection = Extract<Connection, { connection_type: 'openai_compatible' }>;

/** A service with the chat completions protocol of OpenAI. */
export function createOpenaiCompatible(
  config: OpenaiCompatibleConnection,
  context: ConnectionContext,
): ModelConnection {
  return createHttpModel(
    {
      // Posted directly: a provider package would parse, convert and drop parts of what has to be kept as received,
      // and takes several times as long per query.
      url: appendPath(config.base_url, 'chat/completions'),
      adapter: openaiChatCompletionAdapter,
      modelKey: config.model_key,
      apiKey: config.api_key,
      customHeaders: config.custom_headers,
      tlsContext: config.tls_context,
    },
    context,
  );
}
