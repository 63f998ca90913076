import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { builtInAdapterKeys, ModelAdapter } from '../../evaluation/spec/models.ts';
import type { Adapter } from './adapter.ts';
import { identityAdapter } from './identity.ts';
import { createJinjaAdapter } from './jinja.ts';
import { openaiChatCompletionAdapter } from './openai-chat-completion.ts';
import { openaiResponsesAdapter } from './openai-responses.ts';

type BuiltInAdapterKey = (typeof builtInAdapterKeys)[number];

/** A new one also needs its key in evaluation/spec/models.ts and a revision in evaluation/model-revisions.ts. */
const builtInAdapters: Readonly<Record<BuiltInAdapterKey, Adapter>> = {
  latticeflow$identity: identityAdapter,
  latticeflow$openai_chat_completion: openaiChatCompletionAdapter,
  latticeflow$openai_responses: openaiResponsesAdapter,
};

/** @param declared - Present exactly if `key` is not a built-in one. */
export function createAdapter(key: string, declared: ModelAdapter | undefined): Adapter {
  if (Object.hasOwn(builtInAdapters, key)) return builtInAdapters[key as BuiltInAdapterKey];
  if (declared !== undefined) return createJinjaAdapter(declared);
  throw new EvaluationError('internal', `The plan has no adapter "${key}".`);
}
