import type { LanguageModelV3Message, LanguageModelV3Prompt } from '@ai-sdk/provider';
import type { JsonValue } from '../../contracts/json.ts';
import type { ChatMessage } from '../../evaluation/model-io.ts';
import { isObject } from '../is-object.ts';
import { SendError } from '../send-error.ts';

/**
 * Chat messages in the form of the provider packages.
 *
 * @throws {SendError} for roles and parts that they cannot say.
 */
export function toPrompt(messages: readonly ChatMessage[]): LanguageModelV3Prompt {
  return messages.map(toMessage);
}

type Part = { type: 'text'; text: string } | { type: 'file'; mediaType: string; data: URL };

function toMessage(message: ChatMessage): LanguageModelV3Message {
  const parts = toParts(message.content);
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n') };
    case 'user':
      return { role: 'user', content: parts };
    case 'assistant':
      return { role: 'assistant', content: parts };
    default:
      throw refuse(`a message of role "${message.role}"`);
  }
}

function toParts(content: JsonValue): Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw refuse('a message whose content is neither text nor a list of parts');
  return (content as readonly JsonValue[]).map((part): Part => {
    if (isObject(part) && part['type'] === 'text' && typeof part['text'] === 'string')
      return { type: 'text', text: part['text'] };
    const image = isObject(part) && part['type'] === 'image_url' ? part['image_url'] : undefined;
    const address = isObject(image) ? image['url'] : undefined;
    if (typeof address === 'string' && URL.canParse(address))
      return { type: 'file', mediaType: 'image/*', data: new URL(address) };
    throw refuse('a message part that is neither text nor an image');
  });
}

function refuse(what: string): SendError {
  return new SendError('rejected', `This provider's protocol cannot take ${what}.`, { isRetryable: false });
}
