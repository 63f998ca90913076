import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import { type ChatInput, isChatInput, type ModelInput } from '../model-io.ts';
import type { Sample } from '../sample.ts';
import type { Solver } from '../spec/solvers.ts';
import { compileTemplate } from '../template/compile-template.ts';
import type { TraceItem } from '../trace.ts';
import { answerToItems } from './answer-to-items.ts';
import { chatMessagesToItems, makeMessage } from './chat-items.ts';
import type { SolverKind } from './solver-kind.ts';

type InputBuilder = Extract<Solver, { type: 'single_turn_solver' }>['input_builder'];

/** One request, one answer. */
export const singleTurnSolver: SolverKind<'single_turn_solver'> = {
  type: 'single_turn_solver',
  revision: 1,
  usesModel: true,
  create({ input_builder }) {
    const buildInput = compileInputBuilder(input_builder);
    return async (sample, { generate }) => {
      const input = buildInput(sample);
      const { output } = await generate(input);
      return {
        trace: { FORMAT: 'open_responses', items: [...inputToItems(input), ...answerToItems(output)] },
        raw_outputs: [output],
        direct_ios: [],
      };
    };
  },
};

function compileInputBuilder(builder: InputBuilder): (sample: Sample) => ModelInput {
  if (builder.type === 'generic') return compileGenericInput(builder.template);
  const messages = builder.input_messages.map(({ role, content }, index) => ({
    role,
    content: compileTemplate(content, `solver.input_builder.input_messages[${index}].content`),
  }));
  return ({ id, row }): ChatInput => ({
    messages: messages.map(({ role, content }) => ({ role, content: content.render({ sample: row }, id) })),
  });
}

function compileGenericInput(source: string): (sample: Sample) => ModelInput {
  const path = 'solver.input_builder.template';
  const template = compileTemplate(source, path);
  return ({ id, row }) => {
    const text = template.render({ sample: row }, id);
    try {
      return JSON.parse(text) as JsonValue;
    } catch (cause) {
      throw new EvaluationError('template-failed', `template ${path}, sample ${id}: what it renders is not JSON.`, {
        hint: 'Put values into the template through "| tojson".',
        cause,
      });
    }
  };
}

function inputToItems(input: ModelInput): TraceItem[] {
  if (isChatInput(input)) return chatMessagesToItems(input.messages);
  return [makeMessage('user', typeof input === 'string' ? input : JSON.stringify(input))];
}
