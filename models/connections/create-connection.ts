import type { ModelConnection } from '../model-connection.ts';
import type { ConnectionContext } from './connection-context.ts';
import { createCustomConnection } from './custom-connection.ts';
import { createOpenaiCompatible } from './openai-compatible.ts';
import { createPlaceholder } from './placeholder.ts';
import { createProviderConnection } from './provider-connection.ts';
import { createRecorded } from './recorded.ts';
import { createTypescript } from './typescript.ts';

/**
 * The way to a model. A new connection type needs its file, a case here, its schema in evaluation/spec/models.ts and a
 * revision in evaluation/model-revisions.ts.
 *
 * @throws {EvaluationError} when the model can never be used, for example without its key.
 */
export function createConnection(context: ConnectionContext): ModelConnection {
  const { config } = context.planned.model;
  switch (config.connection_type) {
    case 'custom_connection':
      return createCustomConnection(config, context);
    case 'openai_compatible':
      return createOpenaiCompatible(config, context);
    case 'provider_connection':
      return createProviderConnection(config, context);
    case 'typescript':
      return createTypescript(config, context);
    case 'recorded':
      return createRecorded(context);
    case 'placeholder':
      return createPlaceholder();
  }
}
