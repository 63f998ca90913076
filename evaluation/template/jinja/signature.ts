import { RenderFault } from './faults.ts';
import { Callable, demand, type Keywords } from './values.ts';

/** The parameters of a filter, test, method or function, in order. */
export interface Signature {
  readonly parameters: readonly { readonly name: string; readonly isOptional: boolean }[];
  readonly takesMore: boolean;
  readonly takesMoreKeywords: boolean;
}

/**
 * Reads `old, new, count?`: a question mark makes a parameter optional, `*` and `**` at the end take any further
 * arguments.
 */
export function parseSignature(text: string): Signature {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  return {
    parameters: words
      .filter((word) => !word.startsWith('*'))
      .map((word) => ({ name: word.replace('?', ''), isOptional: word.endsWith('?') })),
    takesMore: words.includes('*'),
    takesMoreKeywords: words.includes('**'),
  };
}

/** What is wrong with a call of so many arguments and these keywords; `undefined` if nothing is. */
export function findCallProblem(
  signature: Signature,
  positional: number,
  keywords: Iterable<string>,
): string | undefined {
  const { parameters } = signature;
  if (positional > parameters.length && !signature.takesMore) {
    return parameters.length === 0
      ? 'takes no arguments'
      : `takes at most ${count(parameters.length)}, got ${positional}`;
  }
  const given = new Set(keywords);
  const missing = parameters.find(
    ({ name, isOptional }, index) => !isOptional && index >= positional && !given.has(name),
  );
  if (missing !== undefined) return `needs the argument "${missing.name}"`;
  for (const keyword of given) {
    const index = parameters.findIndex(({ name }) => name === keyword);
    if (index < 0 && !signature.takesMoreKeywords) return `has no argument "${keyword}"`;
    if (index >= 0 && index < positional) return `got the argument "${keyword}" twice`;
  }
  return undefined;
}

/**
 * The arguments in the order of the parameters, `undefined` where an optional one was not given; then a list of further
 * ones and a map of further keywords, where the signature takes them.
 */
export function bindArguments(
  name: string,
  signature: Signature,
  positional: readonly unknown[],
  keywords: Keywords,
): unknown[] {
  const problem = findCallProblem(signature, positional.length, keywords.keys());
  if (problem !== undefined) throw new RenderFault(`"${name}" ${problem}`);
  const { parameters } = signature;
  const bound: unknown[] = parameters.map((parameter, index) =>
    index < positional.length ? positional[index] : keywords.get(parameter.name),
  );
  if (signature.takesMore) bound.push(positional.slice(parameters.length));
  if (signature.takesMoreKeywords) {
    bound.push(new Map([...keywords].filter(([keyword]) => parameters.every(({ name: own }) => own !== keyword))));
  }
  return bound;
}

function count(arguments_: number): string {
  return arguments_ === 1 ? 'one argument' : `${arguments_} arguments`;
}

/** A function written in TypeScript. Missing values are refused before it sees them. */
export class NativeFunction extends Callable {
  readonly name: string;
  readonly #signature: Signature;
  readonly #run: (...bound: unknown[]) => unknown;

  constructor(name: string, signature: Signature, run: (...bound: unknown[]) => unknown) {
    super();
    this.name = name;
    this.#signature = signature;
    this.#run = run;
  }

  invoke(positional: readonly unknown[], keywords: Keywords): unknown {
    for (const argument of positional) demand(argument);
    for (const argument of keywords.values()) demand(argument);
    return this.#run(...bindArguments(this.name, this.#signature, positional, keywords));
  }
}
