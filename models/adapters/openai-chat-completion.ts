import { isObject } from '../is-object.ts';
import type { Adapter } from './adapter.ts';
import { addParameters } from './identity.ts';
import { readJsonOutput } from './read-json-output.ts';

/** What a service adds about itself: evidence, not output. */
const evidenceNames = new Set(['id', 'object', 'created', 'model', 'system_fingerprint', 'service_tier', 'error']);

/** The chat completions protocol. */
export const openaiChatCompletionAdapter: Adapter = {
  readsAnything: false,
  renderRequest: (input, context) => JSON.stringify(addParameters(input, context)),
  readResponse(response) {
    const result = readJsonOutput(response.body);
    if (result.type !== 'output' || !isObject(result.output)) return result;
    return {
      type: 'output',
      output: Object.fromEntries(Object.entries(result.output).filter(([name]) => !evidenceNames.has(name))),
      received: result.output,
    };
  },
};
