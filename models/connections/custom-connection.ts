import type { Connection } from '../../evaluation/spec/models.ts';
import { createAdapter } from '../adapters/create-adapter.ts';
import type { ModelConnection } from '../model-connection.ts';
import type { ConnectionContext } from './connection-context.ts';
import { createHttpModel } from './http-model.ts';

type CustomConnection = Extract<Connection, { connection_type: 'custom_connection' }>;

/** Any service that takes one POST; an adapter translates. */
export function createCustomConnection(config: CustomConnection, context: ConnectionContext): ModelConnection {
  return createHttpModel(
    {
      url: new URL(config.url),
      adapter: createAdapter(config.adapter.key, context.planned.adapter),
      modelKey: config.model_key ?? null,
      apiKey: config.api_key,
      customHeaders: config.custom_headers,
      tlsContext: config.tls_context,
    },
    context,
  );
}
