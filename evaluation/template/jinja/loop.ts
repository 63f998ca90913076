import { areEqual } from './operators.ts';
import { bindArguments, NativeFunction, parseSignature } from './signature.ts';
import { Callable, type Keywords, NativeObject } from './values.ts';

const anyArguments = parseSignature('*');
const recursion = parseSignature('iterable');

/** What a template sees as `loop`. In a recursive loop it can also be called. */
export class Loop extends NativeObject {
  readonly typeName = 'a loop';
  readonly #items: readonly unknown[];
  readonly #depth: number;
  #index = -1;
  #changedBefore: readonly unknown[] | undefined;

  /** @param depth - How many loops of a recursive one are around it; 0 for the outermost. */
  constructor(items: readonly unknown[], depth: number) {
    super();
    this.#items = items;
    this.#depth = depth;
  }

  advance(): void {
    this.#index += 1;
  }

  getMember(name: string): unknown {
    const index = this.#index;
    const { length } = this.#items;
    switch (name) {
      case 'index':
        return index + 1;
      case 'index0':
        return index;
      case 'revindex':
        return length - index;
      case 'revindex0':
        return length - index - 1;
      case 'first':
        return index === 0;
      case 'last':
        return index === length - 1;
      case 'length':
        return length;
      case 'depth':
        return this.#depth + 1;
      case 'depth0':
        return this.#depth;
      case 'previtem':
        return this.#items[index - 1];
      case 'nextitem':
        return this.#items[index + 1];
      case 'cycle':
        return new NativeFunction('cycle', anyArguments, (items) => cycle(items as readonly unknown[], index));
      case 'changed':
        return new NativeFunction('changed', anyArguments, (values) => this.#hasChanged(values as readonly unknown[]));
      default:
        return undefined;
    }
  }

  listMembers(): Iterable<string> {
    return [
      'index',
      'index0',
      'revindex',
      'revindex0',
      'first',
      'last',
      'length',
      'depth',
      'depth0',
      'previtem',
      'nextitem',
      'cycle',
      'changed',
    ];
  }

  #hasChanged(values: readonly unknown[]): boolean {
    const hasChanged = this.#changedBefore === undefined || !areEqual(this.#changedBefore, values);
    this.#changedBefore = values;
    return hasChanged;
  }
}

function cycle(items: readonly unknown[], index: number): unknown {
  return items[index % items.length];
}

/** `loop` of a recursive loop: its members, and a call that runs the loop over other items. */
export class RecursiveLoop extends Callable {
  readonly name = 'loop';
  readonly #loop: Loop;
  readonly #recur: (items: unknown) => string;

  constructor(loop: Loop, recur: (items: unknown) => string) {
    super();
    this.#loop = loop;
    this.#recur = recur;
  }

  invoke(positional: readonly unknown[], keywords: Keywords): unknown {
    const [items] = bindArguments(this.name, recursion, positional, keywords);
    return this.#recur(items);
  }

  override getMember(name: string): unknown {
    return this.#loop.getMember(name);
  }
}
