import type { JsonObject, JsonValue } from '../contracts/json.ts';
import { isChatInput } from '../evaluation/model-io.ts';

/** What was asked, as the GenAI conventions put it into one attribute: messages with parts. */
export function listInputMessages(input: JsonValue): { readonly 'gen_ai.input.messages': string } {
  const messages = isChatInput(input)
    ? input.messages.map(({ role, content }) => ({ role, parts: [makePart(content)] }))
    : [{ role: 'user', parts: [makePart(input)] }];
  return { 'gen_ai.input.messages': JSON.stringify(messages) };
}

/** What was answered: the text of a chat completion, else the output as it is. */
export function listOutputMessages(
  output: JsonValue,
  finishReason: string | undefined,
): { readonly 'gen_ai.output.messages': string } {
  const finish = finishReason === undefined ? {} : { finish_reason: finishReason };
  const answers = findChoices(output) ?? [output];
  const messages = answers.map((answer) => ({ role: 'assistant', parts: [makePart(answer)], ...finish }));
  return { 'gen_ai.output.messages': JSON.stringify(messages) };
}

function findChoices(output: JsonValue): readonly JsonValue[] | undefined {
  if (!isObject(output) || !Array.isArray(output['choices'])) return undefined;
  const choices: readonly JsonValue[] = output['choices'];
  return choices.map((choice) => {
    const message = isObject(choice) ? choice['message'] : undefined;
    return (isObject(message) ? message['content'] : undefined) ?? choice;
  });
}

function makePart(content: JsonValue): JsonObject {
  return { type: 'text', content: typeof content === 'string' ? content : JSON.stringify(content) };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
