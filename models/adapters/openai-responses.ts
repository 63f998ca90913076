import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import { isChatInput, type ModelInput } from '../../evaluation/model-io.ts';
import { isObject } from '../is-object.ts';
import type { Adapter, AdapterContext } from './adapter.ts';
import { readJsonOutput } from './read-json-output.ts';

/** The responses protocol: a chat becomes `input`, what comes back is trace items. */
export const openaiResponsesAdapter: Adapter = {
  readsAnything: false,
  renderRequest: (input, context) => JSON.stringify(toRequest(input, context)),
  readResponse(response) {
    const result = readJsonOutput(response.body);
    if (result.type !== 'output' || !isObject(result.output)) return result;
    const { output: items, usage } = result.output;
    if (!Array.isArray(items)) return result;
    return { type: 'output', output: usage === undefined || usage === null ? { items } : { items, usage } };
  },
};

function toRequest(input: ModelInput, context: AdapterContext): ModelInput {
  if (!isObject(input)) return input;
  const { max_tokens, reasoning_effort, ...parameters } = context.parameters;
  const request: JsonObject = {
    ...(context.modelKey === null ? {} : { model: context.modelKey }),
    ...(max_tokens === undefined ? {} : { max_output_tokens: max_tokens }),
    ...(reasoning_effort === undefined ? {} : { reasoning: { effort: reasoning_effort } }),
    ...parameters,
  };
  if (!isChatInput(input)) return { ...request, ...input };
  const { messages, response_format, ...rest } = input;
  return {
    ...request,
    ...(response_format === undefined ? {} : { text: { format: toTextFormat(response_format) } }),
    ...rest,
    input: messages.map((message) => ({ role: message.role, content: toContent(message.role, message.content) })),
  };
}

/** The chat protocol nests the schema under the name of its type; this one does not. */
function toTextFormat(format: JsonObject): JsonValue {
  const { json_schema: schema, ...rest } = format;
  return isObject(schema) ? { ...rest, ...schema } : format;
}

function toContent(role: string, content: JsonValue): JsonValue {
  if (!Array.isArray(content)) return content;
  return (content as readonly JsonValue[]).map((part) => {
    if (!isObject(part)) return part;
    if (part['type'] === 'text') return { ...part, type: role === 'assistant' ? 'output_text' : 'input_text' };
    const image = part['image_url'];
    if (part['type'] === 'image_url' && isObject(image)) {
      const { url, ...rest } = image;
      return { type: 'input_image', image_url: url, ...rest };
    }
    return part;
  });
}
