import type { Connection } from '../../evaluation/spec/models.ts';
import { providers } from '../../evaluation/spec/providers.ts';
import { openaiChatCompletionAdapter } from '../adapters/openai-chat-completion.ts';
import { appendPath } from '../http/address.ts';
import type { ModelConnection } from '../model-connection.ts';
import { createAnthropic } from './anthropic.ts';
import type { ConnectionContext } from './connection-context.ts';
import { createHttpModel } from './http-model.ts';

type ProviderConnection = Extract<Connection, { connection_type: 'provider_connection' }>;

/** A model of a provider that Stet knows by name; its key comes from the environment (format 17.2). */
export function createProviderConnection(config: ProviderConnection, context: ConnectionContext): ModelConnection {
  const { keyVariable, baseUrl, protocol } = providers[config.provider_id];
  const apiKey = { secret: keyVariable, variable: keyVariable };
  // The plan knows what replaces the provider's address, since that counts in the model's version.
  const address = context.planned.baseUrl ?? baseUrl;
  switch (protocol) {
    case 'openai':
      return createHttpModel(
        {
          url: appendPath(address, 'chat/completions'),
          adapter: openaiChatCompletionAdapter,
          modelKey: config.model_key,
          apiKey,
          customHeaders: {},
        },
        context,
      );
    case 'anthropic':
      return createAnthropic(
        { baseUrl: address, modelKey: config.model_key, apiKey: context.secrets.get(apiKey) },
        context,
      );
  }
}
