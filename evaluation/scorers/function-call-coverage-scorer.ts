import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import { toCanonicalJson } from '../fingerprint/canonical-json.ts';
import type { Sample } from '../sample.ts';
import { isObject } from '../solvers/chat-items.ts';
import type { Trace } from '../trace.ts';
import { compileSampleText, compileSampleTexts } from './compile-sample-text.ts';
import { meanOf } from './mean-of.ts';
import { parseList } from './parse-list.ts';
import type { ScorerKind } from './scorer-kind.ts';

/** A call that is wanted; without arguments any of that name will do. */
interface RequiredCall {
  readonly name: string;
  readonly arguments?: JsonValue;
}

interface MadeCall {
  readonly name: string;
  /** Null where they are not JSON: equal to no wanted ones. */
  readonly arguments: JsonValue;
}

/** Which of the wanted function calls an agent made (format 9.3). */
export const functionCallCoverageScorer: ScorerKind<'function_call_coverage'> = {
  type: 'function_call_coverage',
  revision: 1,
  defaultMetrics: meanOf('all_required_calls_made', 'all_required_calls_made'),
  create({ key, function_calls, mode }) {
    const readRequired = compileRequiredCalls(function_calls, key);
    return ({ sample, solverOutput }) => {
      const required = readRequired(sample);
      const made = listCalls(solverOutput.trace);
      const { matched, unmatched } = matchCalls(required, made);
      const isInOrder = mode === 'any_order' || isSubsequence(required, made);
      return {
        values: {
          all_required_calls_made: unmatched.length === 0 && isInOrder,
          required_calls_coverage: required.length === 0 ? 1 : matched.length / required.length,
          num_required_calls_made: matched.length,
          num_required_calls_not_made: unmatched.length,
          num_unrequired_calls: made.length - matched.length,
          num_required_calls_total: required.length,
        },
        metadata: {
          required_function_calls: required.map(toJson),
          called_function_calls: made.map(toJson),
          matched_required: matched.map(toJson),
          unmatched_required: unmatched.map(toJson),
        },
      };
    };
  },
};

function compileRequiredCalls(
  source: string | readonly string[],
  key: string,
): (sample: Sample) => readonly RequiredCall[] {
  if (typeof source !== 'string') {
    const render = compileSampleTexts(source, key, 'function_calls');
    return (sample) => render(sample).map((name) => ({ name }));
  }
  const render = compileSampleText(source, key, 'function_calls');
  return (sample) => {
    const calls = parseList(render(sample))?.map(readRequiredCall);
    if (calls?.every((call) => call !== undefined) === true) return calls as readonly RequiredCall[];
    throw new EvaluationError(
      'scorer-failed',
      `Scorer ${key}, sample ${sample.id}: function_calls is not a list of names or of {name, arguments}.`,
      { hint: 'Render JSON, for example {{ sample.calls | tojson }}, or write a list of names.' },
    );
  };
}

function readRequiredCall(entry: JsonValue): RequiredCall | undefined {
  if (typeof entry === 'string') return { name: entry };
  if (!isObject(entry) || typeof entry['name'] !== 'string') return undefined;
  const { name, arguments: wanted } = entry;
  return wanted === undefined || wanted === null ? { name } : { name, arguments: wanted };
}

/** The calls of the conversation: those before the first user message belong to what it was given. */
function listCalls({ items }: Trace): MadeCall[] {
  const start = items.findIndex(({ type, role }) => type === 'message' && role === 'user');
  return items.slice(start < 0 ? items.length : start).flatMap((item) => {
    if (item.type !== 'function_call' || typeof item['name'] !== 'string') return [];
    return [{ name: item['name'], arguments: parseArguments(item['arguments']) }];
  });
}

function parseArguments(written: JsonValue | undefined): JsonValue {
  if (typeof written !== 'string') return written ?? null;
  try {
    return JSON.parse(written) as JsonValue;
  } catch {
    return null;
  }
}

/** One to one. Calls that are wanted with arguments choose first: any call of the name would do for the others. */
function matchCalls(required: readonly RequiredCall[], made: readonly MadeCall[]) {
  const free = new Set(made);
  const found = new Set<RequiredCall>();
  const choosy = required.filter((call) => call.arguments !== undefined);
  for (const wanted of [...choosy, ...required.filter((call) => call.arguments === undefined)]) {
    const match = [...free].find((call) => fits(wanted, call));
    if (match === undefined) continue;
    free.delete(match);
    found.add(wanted);
  }
  return {
    matched: required.filter((call) => found.has(call)),
    unmatched: required.filter((call) => !found.has(call)),
  };
}

function isSubsequence(required: readonly RequiredCall[], made: readonly MadeCall[]): boolean {
  let next = 0;
  for (const call of made) {
    const wanted = required[next];
    if (wanted !== undefined && fits(wanted, call)) next += 1;
  }
  return next === required.length;
}

function fits(wanted: RequiredCall, call: MadeCall): boolean {
  if (wanted.name !== call.name) return false;
  return wanted.arguments === undefined || toCanonicalJson(wanted.arguments) === toCanonicalJson(call.arguments);
}

function toJson({ name, arguments: given }: { readonly name: string; readonly arguments?: JsonValue }): JsonValue {
  return given === undefined ? { name } : { name, arguments: given };
}
