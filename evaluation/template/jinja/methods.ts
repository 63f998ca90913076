import { bindArguments, parseSignature, type Signature } from './signature.ts';
import { Callable, demand, type Keywords } from './values.ts';

export interface Method<Self> {
  readonly signature: Signature;
  readonly run: (self: Self, ...bound: unknown[]) => unknown;
}

export type MethodTable<Self> = ReadonlyMap<string, Method<Self>>;

export function method<Self>(signature: string, run: Method<Self>['run']): Method<Self> {
  return { signature: parseSignature(signature), run };
}

export function makeMethodTable<Self>(methods: Readonly<Record<string, Method<Self>>>): MethodTable<Self> {
  return new Map(Object.entries(methods));
}

/** A method together with the value it belongs to. */
export class BoundMethod<Self> extends Callable {
  readonly name: string;
  readonly #method: Method<Self>;
  readonly #self: Self;

  constructor(name: string, bound: Method<Self>, self: Self) {
    super();
    this.name = name;
    this.#method = bound;
    this.#self = self;
  }

  invoke(positional: readonly unknown[], keywords: Keywords): unknown {
    for (const argument of positional) demand(argument);
    for (const argument of keywords.values()) demand(argument);
    return this.#method.run(this.#self, ...bindArguments(this.name, this.#method.signature, positional, keywords));
  }
}
