import type { ChatInput } from '../../model-io.ts';
import type { ReplyShape } from './reply-shape.ts';

const defaultSystemPrompt = 'You judge the answers of an AI system.';

/** The first question to a judge: its role, how to reply, and what to judge. */
export function makeRequest(
  prompts: { readonly system: string | undefined; readonly user: string },
  shape: ReplyShape<string | number>,
  useStructuredOutputs: boolean,
): ChatInput {
  return {
    messages: [
      { role: 'system', content: `${prompts.system ?? defaultSystemPrompt}\n\n${makeInstruction(shape)}` },
      { role: 'user', content: prompts.user },
    ],
    ...(useStructuredOutputs ? { response_format: makeResponseFormat(shape) } : {}),
  };
}

/** The same conversation after a reply that could not be read. */
export function makeCorrection(
  request: ChatInput,
  reply: { readonly role: string; readonly content: string },
  problem: string,
): ChatInput {
  const correction = `That reply cannot be used: ${problem}. Reply again with the JSON object alone.`;
  return { ...request, messages: [...request.messages, reply, { role: 'user', content: correction }] };
}

function makeInstruction({ field, description }: ReplyShape<string | number>): string {
  return [
    'Reply with one JSON object and nothing else:',
    `{"reasoning": <text, optional>, "${field}": <${description}>, "confidence": <a number from 0 to 1, optional>}`,
  ].join('\n');
}

/** Strict structured outputs want every property to be required, so the optional ones are asked for as well. */
function makeResponseFormat({ field, schema }: ReplyShape<string | number>): ChatInput['response_format'] & object {
  return {
    type: 'json_schema',
    json_schema: {
      name: 'judgement',
      strict: true,
      schema: {
        type: 'object',
        properties: { reasoning: { type: 'string' }, [field]: schema, confidence: { type: 'number' } },
        required: ['reasoning', field, 'confidence'],
        additionalProperties: false,
      },
    },
  };
}
