import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import type { ModelOutput } from '../model-io.ts';
import type { TraceItem } from '../trace.ts';
import { chatMessageToItems, isObject } from './chat-items.ts';
import { parseItems } from './parse-trace.ts';

/**
 * What a model's answer adds to the conversation (format 8.1): its items, or those of a chat's first choice. A custom
 * output adds none.
 *
 * @throws {EvaluationError} `model-output-invalid` for an answer that says nothing: no choice, or neither text nor calls.
 *   An empty text is an answer.
 */
export function answerToItems(output: ModelOutput): TraceItem[] {
  if (!isObject(output)) return [];
  if (Array.isArray(output['items'])) return readItems(output['items'] as readonly JsonValue[]);
  if (Array.isArray(output['choices'])) return readChoices(output['choices'] as readonly JsonValue[]);
  return [];
}

function readItems(found: readonly JsonValue[]): TraceItem[] {
  const items = parseItems(found, (problem) => makeError(`The model's answer is not a conversation: ${problem}.`));
  if (items.every(({ type }) => type === 'reasoning')) {
    throw makeError("The model's answer has no message and no call.");
  }
  return items;
}

function readChoices(choices: readonly JsonValue[]): TraceItem[] {
  const [first] = choices;
  if (first === undefined) throw makeError("The model's answer has no choice.");
  const message = isObject(first) ? first['message'] : undefined;
  if (!isObject(message)) throw makeError("The first choice of the model's answer has no message.");
  const items = chatMessageToItems({ ...message, role: 'assistant' });
  if (!items.some(hasTextOrCall)) {
    throw makeError("The first choice of the model's answer has neither text nor calls.");
  }
  return items;
}

function hasTextOrCall(item: TraceItem): boolean {
  if (item.type === 'function_call') return true;
  if (item.type !== 'message' || !Array.isArray(item['content'])) return false;
  return (item['content'] as readonly JsonValue[]).some(
    (part) => isObject(part) && (typeof part['text'] === 'string' || typeof part['refusal'] === 'string'),
  );
}

function makeError(message: string): EvaluationError {
  return new EvaluationError('model-output-invalid', message, {
    hint: 'Look at the raw answer; a limit on tokens that the reasoning used up is a common cause.',
  });
}
