import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import type { ModelOutput } from '../model-io.ts';
import { findModelOutputText, findOutputText, getItemText } from '../output-text.ts';
import type { SolverOutput } from '../trace.ts';
import { freezeCopy } from './jinja/copy-data.ts';
import { LazyValue, NativeObject } from './jinja/values.ts';
import type { TemplateNames } from './template.ts';
import { TraceView } from './trace-view.ts';

/**
 * The names by which templates reach a solver output (format 3.3): `trace`, `solver_output`, `model_outputs`, and for older
 * prompts `messages`, `model_output`, `input_prompt`. Nothing is computed before a template asks for it.
 */
export function createTraceNames(output: SolverOutput): TemplateNames {
  const view = new SolverOutputView(output);
  return {
    trace: view.trace,
    solver_output: view,
    model_outputs: new LazyValue(() => view.getMember('raw_outputs')),
    messages: new LazyValue(() => view.getMember('messages')),
    model_output: new LazyValue(() => freezeCopy(output.raw_outputs.at(-1) ?? null)),
    input_prompt: new LazyValue(() => findOutputText(output)),
  };
}

/** What a template sees as `solver_output` (format 21.3). Methods that would add to it are left out: templates only read. */
class SolverOutputView extends NativeObject {
  readonly typeName = 'a solver output';
  readonly trace: TraceView;
  readonly #output: SolverOutput;
  readonly #computed = new Map<string, unknown>();

  constructor(output: SolverOutput) {
    super();
    this.#output = output;
    this.trace = new TraceView(output.trace);
  }

  getMember(name: string): unknown {
    if (name === 'trace') return this.trace;
    if (name === 'items') return this.trace.items;
    if (!this.#computed.has(name)) this.#computed.set(name, this.#compute(name));
    return this.#computed.get(name);
  }

  listMembers(): Iterable<string> {
    return ['trace', 'raw_outputs', 'direct_ios', 'items', 'messages', 'output'];
  }

  override toData(): JsonValue {
    const { trace, raw_outputs, direct_ios } = this.#output;
    return { trace, raw_outputs, direct_ios };
  }

  #compute(name: string): unknown {
    switch (name) {
      case 'raw_outputs':
        return freezeCopy(this.#output.raw_outputs);
      case 'direct_ios':
        return freezeCopy(this.#output.direct_ios);
      case 'messages':
        return freezeCopy(this.trace.items.filter(({ type }) => type === 'message').map(toChatMessage));
      case 'output':
        return freezeCopy(toChatOutput(this.#output.raw_outputs.at(-1)));
      default:
        return undefined;
    }
  }
}

function toChatMessage(item: JsonObject): JsonObject {
  return { role: item['role'], content: getItemText(item) };
}

/** An answer in chat form; None for embeddings and custom outputs, which have no such form. */
function toChatOutput(output: ModelOutput | undefined): JsonValue {
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return null;
  const answer = output as JsonObject;
  if (Array.isArray(answer['items'])) {
    const message = { role: 'assistant', content: findModelOutputText(answer) ?? null };
    return { choices: [{ message }], usage: answer['usage'] ?? null };
  }
  return Array.isArray(answer['choices']) ? answer : null;
}
