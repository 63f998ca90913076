import type { ModelInput } from '../../evaluation/model-io.ts';
import { isObject } from '../is-object.ts';
import type { Adapter, AdapterContext } from './adapter.ts';
import { readJsonOutput } from './read-json-output.ts';

/** The input as it is, with model and parameters beside it; the response's body is the output. */
export const identityAdapter: Adapter = {
  readsAnything: false,
  renderRequest: (input, context) => JSON.stringify(addParameters(input, context)),
  readResponse: (response) => readJsonOutput(response.body),
};

/** What a generic input says itself beats what the model's definition says for all of them. */
export function addParameters(input: ModelInput, context: AdapterContext): ModelInput {
  if (!isObject(input)) return input;
  const model = context.modelKey === null ? {} : { model: context.modelKey };
  return { ...model, ...context.parameters, ...input };
}
