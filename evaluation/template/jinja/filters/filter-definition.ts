import { parseSignature, type Signature } from '../signature.ts';

/** A filter or test: what it takes beside its input, and what it makes of it. */
export interface Definition {
  readonly signature: Signature;
  readonly run: (input: unknown, ...bound: unknown[]) => unknown;
  /** Whether a missing input or argument reaches it; otherwise that is an error before it runs. */
  readonly acceptsUndefined: boolean;
  /** What is wrong with arguments that the template writes as literals; `undefined` if nothing is. */
  readonly findProblem: ((constants: readonly unknown[]) => string | undefined) | undefined;
}

export function define(
  signature: string,
  run: Definition['run'],
  options: { readonly acceptsUndefined?: boolean; readonly findProblem?: NonNullable<Definition['findProblem']> } = {},
): Definition {
  return {
    signature: parseSignature(signature),
    run,
    acceptsUndefined: options.acceptsUndefined ?? false,
    findProblem: options.findProblem,
  };
}

export type Definitions = Readonly<Record<string, Definition>>;
