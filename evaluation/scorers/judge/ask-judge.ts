import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import type { JsonObject, JsonValue } from '../../../contracts/json.ts';
import type { ChatMessage, Generate, ModelOutput } from '../../model-io.ts';
import { findModelOutputText } from '../../output-text.ts';
import { isObject } from '../../solvers/chat-items.ts';
import { compileTemplate } from '../../template/compile-template.ts';
import { createTraceNames } from '../../template/trace-names.ts';
import type { ScoreInput } from '../scorer-kind.ts';
import { makeCorrection, makeRequest } from './make-request.ts';
import { type Judgement, parseReply } from './parse-reply.ts';
import type { ReplyShape } from './reply-shape.ts';

/** How often an invalid reply is asked again. */
const maxCorrections = 2;
const shownReplyLength = 200;

export interface JudgeSpec {
  readonly key: string;
  readonly user_prompt: string;
  readonly system_prompt?: string | undefined;
  readonly use_structured_outputs: boolean;
}

/**
 * Compiles the exchange with a judge (format 9.2): the prompts are rendered per trial, and an invalid reply is asked again
 * up to 2 times, with the reply and what is wrong with it.
 *
 * @throws {EvaluationError} at once `template-syntax`; per trial `judge-reply-invalid`, what the templates throw, and what
 *   `generate` throws.
 */
export function compileJudge<Verdict extends string | number>(
  spec: JudgeSpec,
  shape: ReplyShape<Verdict>,
): (input: ScoreInput, generate: Generate) => Promise<Judgement<Verdict>> {
  const userPrompt = compileTemplate(spec.user_prompt, `scorers.${spec.key}.user_prompt`);
  const systemPrompt =
    spec.system_prompt === undefined
      ? undefined
      : compileTemplate(spec.system_prompt, `scorers.${spec.key}.system_prompt`);

  return async ({ sample, solverOutput }, generate) => {
    const names = { ...createTraceNames(solverOutput), sample: sample.row };
    const prompts = { system: systemPrompt?.render(names, sample.id), user: userPrompt.render(names, sample.id) };
    let request = makeRequest(prompts, shape, spec.use_structured_outputs);
    for (let corrections = 0; ; corrections += 1) {
      // One after the other: each question holds the reply to the one before.
      const { output } = await generate(request);
      const reply = readReplyText(output);
      const judgement = parseReply(reply, shape);
      if (!('problem' in judgement)) return judgement;
      if (corrections === maxCorrections) throw makeReplyError(spec.key, sample.id, judgement.problem, reply);
      request = makeCorrection(request, makeReplyMessage(output, reply), judgement.problem);
    }
  };
}

/** Text of the reply; a reply without text is as invalid as one that cannot be read, and asked again. */
function readReplyText(output: ModelOutput): string {
  return typeof output === 'string' ? output : (findModelOutputText(output) ?? '');
}

/** The judge's message as it goes back: its extra keys are kept (format 15.2), calls that nobody answers are not. */
function makeReplyMessage(output: ModelOutput, reply: string): ChatMessage & { readonly content: string } {
  const { tool_calls: _calls, function_call: _call, ...extras } = findChatMessage(output);
  // Services refuse an empty message, and templates of open models two messages of one role in a row.
  return { ...extras, role: 'assistant', content: reply === '' ? '(empty reply)' : reply };
}

function findChatMessage(output: ModelOutput): JsonObject {
  const choices: JsonValue | undefined = isObject(output) ? output['choices'] : undefined;
  const first = Array.isArray(choices) ? (choices as readonly JsonValue[])[0] : undefined;
  const message = isObject(first) ? first['message'] : undefined;
  return isObject(message) ? message : {};
}

function makeReplyError(key: string, sampleId: string, problem: string, reply: string): EvaluationError {
  const shown = reply.length > shownReplyLength ? `${reply.slice(0, shownReplyLength)}…` : reply;
  return new EvaluationError(
    'judge-reply-invalid',
    `Scorer ${key}, sample ${sampleId}: after ${maxCorrections + 1} tries ${problem}. Last reply: ${JSON.stringify(shown)}`,
    { hint: 'Try use_structured_outputs, a plainer prompt or another judge.' },
  );
}
