import { RenderFault } from './faults.ts';
import { readPairs } from './mapping-methods.ts';
import { readWhole } from './read-argument.ts';
import { NativeFunction, parseSignature } from './signature.ts';
import { type Callable, type Keywords, NativeObject, toKey } from './values.ts';

/** The longest `range`: Jinja's own limit for templates that are not trusted. */
const longestRange = 100_000;

/** What `namespace()` makes: the one thing whose members a template can set from inside a loop. */
export class Namespace extends NativeObject {
  readonly typeName = 'a namespace';
  readonly #members: Map<string, unknown>;

  constructor(members: Iterable<readonly [string, unknown]>) {
    super();
    this.#members = new Map(members);
  }

  getMember(name: string): unknown {
    return this.#members.get(name);
  }

  setMember(name: string, value: unknown): void {
    this.#members.set(name, value);
  }

  listMembers(): Iterable<string> {
    return this.#members.keys();
  }
}

/** What `cycler()` makes. */
class Cycler extends NativeObject {
  readonly typeName = 'a cycler';
  readonly #items: readonly unknown[];
  #position = 0;

  constructor(items: readonly unknown[]) {
    super();
    this.#items = items;
  }

  getMember(name: string): unknown {
    if (name === 'current') return this.#items[this.#position];
    if (name === 'next') return nativeFunction('next', '', () => this.#advance());
    if (name !== 'reset') return undefined;
    return nativeFunction('reset', '', () => {
      this.#position = 0;
      return null;
    });
  }

  listMembers(): Iterable<string> {
    return ['current', 'next', 'reset'];
  }

  #advance(): unknown {
    const item = this.#items[this.#position];
    this.#position = (this.#position + 1) % this.#items.length;
    return item;
  }
}

function nativeFunction(name: string, signature: string, run: (...bound: unknown[]) => unknown): NativeFunction {
  return new NativeFunction(name, parseSignature(signature), run);
}

function makeRange(first: unknown, second: unknown, step: unknown): number[] {
  const start = second === undefined ? 0 : readWhole(first, 'the start of a range');
  const stop = readWhole(second === undefined ? first : second, 'the end of a range');
  const stride = step === undefined ? 1 : readWhole(step, 'the step of a range');
  if (stride === 0) throw new RenderFault('the step of a range must not be 0');
  const length = Math.max(0, Math.ceil((stop - start) / stride));
  if (length > longestRange) throw new RenderFault(`a range has at most ${longestRange} numbers`);
  return Array.from({ length }, (_, index) => start + index * stride);
}

function makeMapping(pairs: unknown, more: unknown): Map<unknown, unknown> {
  const mapping = new Map<unknown, unknown>();
  for (const [key, value] of readPairs(pairs)) mapping.set(toKey(key), value);
  for (const [key, value] of more as Keywords) mapping.set(key, value);
  return mapping;
}

function makeJoiner(separator: unknown = ', '): Callable {
  let isFirst = true;
  return nativeFunction('joiner', '', () => {
    const written = isFirst ? '' : separator;
    isFirst = false;
    return written;
  });
}

function makeCycler(items: unknown): Cycler {
  const list = items as readonly unknown[];
  if (list.length === 0) throw new RenderFault('a cycler needs at least one item');
  return new Cycler(list);
}

/** The functions that every template has. */
export const globals: ReadonlyMap<string, Callable> = new Map([
  ['range', nativeFunction('range', 'start, stop?, step?', makeRange)],
  ['dict', nativeFunction('dict', 'pairs?, **', makeMapping)],
  [
    'namespace',
    nativeFunction(
      'namespace',
      'pairs?, **',
      (pairs, more) => new Namespace(makeMapping(pairs, more) as Map<string, unknown>),
    ),
  ],
  ['cycler', nativeFunction('cycler', '*', makeCycler)],
  ['joiner', nativeFunction('joiner', 'sep?', makeJoiner)],
]);
