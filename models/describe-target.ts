import type { QueryTarget } from '../contracts/telemetry.ts';
import type { PlannedModel } from '../evaluation/plan.ts';
import { type ProviderId, providers } from '../evaluation/spec/providers.ts';

/** Names of the GenAI conventions for those providers that have another one there. */
const conventionNames: Partial<Record<ProviderId, string>> = { gemini: 'gcp.gemini' };

/** Where the queries of a model go, as metrics and traces name it. */
export function describeTarget({ model, baseUrl }: PlannedModel): QueryTarget {
  const { key, config } = model;
  switch (config.connection_type) {
    case 'provider_connection': {
      const { provider_id: id, model_key: requestModel } = config;
      const provider = conventionNames[id] ?? id;
      return { model: key, provider, requestModel, ...readAddress(baseUrl ?? providers[id].baseUrl) };
    }
    case 'openai_compatible':
      return {
        model: key,
        provider: config.connection_type,
        requestModel: config.model_key,
        ...readAddress(config.base_url),
      };
    case 'custom_connection': {
      const { connection_type: provider, model_key: requestModel = key, url } = config;
      return { model: key, provider, requestModel, ...readAddress(url) };
    }
    case 'typescript':
    case 'recorded':
    case 'placeholder':
      return { model: key, provider: config.connection_type, requestModel: key };
  }
}

/** Host and port only: user, path and query of an address may hold a secret. */
function readAddress(address: string): Pick<QueryTarget, 'serverAddress' | 'serverPort'> {
  if (!URL.canParse(address)) return {};
  const { hostname, port, protocol } = new URL(address);
  return { serverAddress: hostname, serverPort: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}
