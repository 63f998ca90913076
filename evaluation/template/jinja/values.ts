import { RenderFault, UndefinedFault } from './faults.ts';

// Values inside a template: null, boolean, number, text, list (array), Tuple, mapping (Map, or a plain object of the
// row), NativeObject, Callable, Undefined. JavaScript's own `undefined` is how functions say "there is none"; the node
// that called them turns it into an Undefined that knows its name.

/** A Python tuple: a list that prints with parentheses and fills several places of a format at once. */
export class Tuple extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

export function makeTuple(items: Iterable<unknown>): Tuple {
  const tuple = new Tuple();
  for (const item of items) tuple.push(item);
  return tuple;
}

/** One group of the filter `groupby`, whose two places also have names. */
export class Group extends Tuple {
  get grouper(): unknown {
    return this[0];
  }

  get list(): unknown {
    return this[1];
  }
}

/** A missing value. It may be passed on, tested with `is defined` and replaced by `default()`; any other use is a fault. */
export class Undefined {
  readonly expression: string;
  readonly #suggest: (() => string | undefined) | undefined;

  constructor(expression: string, suggest?: () => string | undefined) {
    this.expression = expression;
    this.#suggest = suggest;
  }

  toFault(): UndefinedFault {
    return new UndefinedFault(this.expression, this.#suggest?.());
  }
}

/**
 * What `x if y` is without `else` where `y` does not hold. Unlike a missing name it prints as nothing and counts as false, as
 * in Jinja, whatever it does with missing names.
 */
export class Omitted extends Undefined {}

/** An object whose members are decided by code: the trace, `loop`, a namespace. */
export abstract class NativeObject {
  abstract readonly typeName: string;
  /** The member, or `undefined` where there is none. */
  abstract getMember(name: string): unknown;
  abstract listMembers(): Iterable<string>;
  /** What it prints as and what `tojson` makes of it; `undefined` if it is not data. */
  toData(): unknown {
    return undefined;
  }
}

/** A name whose value is made when a template asks for it; `undefined` if there is none. */
export class LazyValue {
  readonly #make: () => unknown;

  constructor(make: () => unknown) {
    this.#make = make;
  }

  get value(): unknown {
    return this.#make();
  }
}

export type Keywords = ReadonlyMap<string, unknown>;
export const noKeywords: Keywords = new Map();

/** What a template can call: a macro, a method, a global function. */
export abstract class Callable {
  abstract readonly name: string;
  abstract invoke(positional: readonly unknown[], keywords: Keywords): unknown;
  /** A member, for the few functions that have some; `undefined` where there is none. */
  getMember(_name: string): unknown {
    return undefined;
  }
}

export type Mapping = Map<unknown, unknown> | Readonly<Record<string, unknown>>;

/** A Map, or a plain object; instances of other classes are not data. */
export function isMapping(value: unknown): value is Mapping {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Map) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Rows made in another realm have a foreign Object.prototype, whose own prototype is null.
  return prototype === null || (Object.getPrototypeOf(prototype) === null && !(value instanceof NativeObject));
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** The value under a key; `undefined` if there is none. Never reaches into a prototype. */
export function getFromMapping(mapping: Mapping, key: unknown): unknown {
  if (mapping instanceof Map) return mapping.get(toKey(key));
  return typeof key === 'string' && Object.hasOwn(mapping, key) ? mapping[key] : undefined;
}

export function listKeys(mapping: Mapping): unknown[] {
  if (mapping instanceof Map) return [...mapping.keys()];
  // A field that is there but `undefined` is how JavaScript spells a missing column.
  return Object.keys(mapping).filter((key) => mapping[key] !== undefined);
}

export function listEntries(mapping: Mapping): [unknown, unknown][] {
  if (mapping instanceof Map) return [...mapping];
  return Object.entries(mapping).filter(([, value]) => value !== undefined);
}

/** A key that Python could hash; lists and mappings are refused, `true` and 1 are kept apart. */
export function toKey(key: unknown): unknown {
  if (key instanceof Undefined) throw key.toFault();
  if (typeof key === 'object' && key !== null)
    throw new RenderFault(`${describeType(key)} cannot be the key of a mapping`);
  return key;
}

/** Python's truth; an undefined value has none. */
export function isTrue(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'number') return value !== 0;
  if (value === null || value === undefined) return false;
  if (value instanceof Omitted) return false;
  demand(value);
  if (isList(value)) return value.length > 0;
  return isMapping(value) ? listKeys(value).length > 0 : true;
}

/** A word for the type, for messages: never the value itself. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'a boolean';
  if (value instanceof Tuple) return 'a tuple';
  if (isList(value)) return 'a list';
  if (value instanceof Callable) return 'a function';
  if (value instanceof NativeObject) return value.typeName;
  return isMapping(value) ? 'a mapping' : 'an object';
}

/** Passes a value on, unless it is missing. */
export function demand(value: unknown): unknown {
  if (value instanceof Undefined && !(value instanceof Omitted)) throw value.toFault();
  return value;
}

/** Passes a value on, unless it is missing or was omitted. */
export function demandPresent(value: unknown): unknown {
  if (value instanceof Undefined) throw value.toFault();
  return value;
}
