import type { JsonObject } from '../../contracts/json.ts';
import type { SecretReference } from '../../evaluation/spec/common.ts';
import type { Connection } from '../../evaluation/spec/models.ts';
import type { Adapter, AdapterContext, AdapterResult } from '../adapters/adapter.ts';
import { showAddress } from '../http/address.ts';
import { findFailure } from '../http/find-failure.ts';
import type { HttpClient, HttpResponse, TlsSettings } from '../http/http-client.ts';
import { createHttpClient } from '../http/http-client.ts';
import type { ModelConnection } from '../model-connection.ts';
import { readEvidence } from '../read-evidence.ts';
import type { Secrets } from '../secrets.ts';
import { SendError } from '../send-error.ts';
import type { ConnectionContext } from './connection-context.ts';
import { flattenGeneration } from './connection-context.ts';

export interface HttpModel {
  readonly url: URL;
  readonly adapter: Adapter;
  readonly modelKey: string | null;
  readonly apiKey?: SecretReference | undefined;
  readonly customHeaders: Readonly<Record<string, string | SecretReference>>;
  readonly tlsContext?: Extract<Connection, { connection_type: 'openai_compatible' }>['tls_context'];
}

/** A model behind one address that takes a POST and answers at once. */
export function createHttpModel(model: HttpModel, context: ConnectionContext): ModelConnection {
  const { secrets } = context;
  const headers = makeHeaders(model, secrets);
  const client: HttpClient = createHttpClient(readTls(model.tlsContext, secrets));
  const address = secrets.clean(showAddress(model.url));
  const parameters: JsonObject = flattenGeneration(context.planned.model.generation);
  // Until the first answer a status such as 404 says that the model cannot be used; then only that this query failed,
  // which is for the adapter to read (format 15.3, 19.3).
  let hasAnswered = false;

  const read = (response: HttpResponse, adapterContext: AdapterContext): AdapterResult => {
    const { adapter } = model;
    const failure = findFailure(response, {
      address,
      clean: secrets.clean,
      now: context.clock.now(),
      isJsonProtocol: !adapter.readsAnything,
    });
    if (failure !== undefined) {
      const isForAdapter = !failure.isRetryable && (hasAnswered || failure.kind === 'rejected');
      if (!isForAdapter || !adapter.readsAnything) throw failure;
    }
    return adapter.readResponse(response, adapterContext);
  };

  return {
    async send(request, { signal }) {
      const adapterContext: AdapterContext = {
        sampleId: request.sample.id,
        modelKey: model.modelKey,
        task: context.planned.model.task,
        parameters,
      };
      const body = model.adapter.renderRequest(request.input, adapterContext);
      const response = await client.post(model.url, headers, body, signal);
      const result = read(response, adapterContext);
      switch (result.type) {
        case 'output':
          hasAnswered = true;
          return {
            output: result.output,
            evidence: readEvidence(result.received ?? parseJson(response.body), result.output, response.headers),
          };
        case 'error':
          throw reject(
            `${address} answered ${response.status} with an error: ${secrets.clean(result.message)}`,
            response.status,
          );
        case 'unreadable':
          // A text of the adapter's making is as long as it is.
          if (response.mayBeCut === true && !model.adapter.readsAnything) throw breakOff(address, response.status);
          throw reject(
            `${address} answered ${response.status} with what is not JSON: ${secrets.clean(result.text, 200)}`,
            response.status,
          );
      }
    },
    close: () => client.close(),
  };
}

function reject(message: string, statusCode: number): SendError {
  return new SendError('rejected', message, { statusCode, isRetryable: false });
}

function breakOff(address: string, statusCode: number): SendError {
  return new SendError('network', `${address} broke the connection off within its answer.`, {
    statusCode,
    isRetryable: true,
  });
}

function makeHeaders(model: HttpModel, secrets: Secrets): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (model.apiKey !== undefined) headers['authorization'] = `Bearer ${secrets.get(model.apiKey)}`;
  for (const [name, value] of Object.entries(model.customHeaders)) headers[name.toLowerCase()] = secrets.resolve(value);
  return headers;
}

function readTls(tlsContext: HttpModel['tlsContext'], secrets: Secrets): TlsSettings | undefined {
  if (tlsContext === undefined) return undefined;
  const { trusted_ca, trust_chain_verification } = tlsContext.validation_context;
  return {
    acceptUntrusted: trust_chain_verification === 'accept_untrusted',
    ...(trusted_ca === undefined
      ? {}
      : { trustedCa: Buffer.from(secrets.resolve(trusted_ca), 'base64').toString('utf8') }),
  };
}

function parseJson(body: string) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
