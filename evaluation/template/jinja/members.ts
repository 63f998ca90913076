import { findNearestName } from '../../nearest-name.ts';
import { splitCharacters } from './characters.ts';
import { listMethods, tupleMethods } from './list-methods.ts';
import { mappingMethods } from './mapping-methods.ts';
import { BoundMethod, type MethodTable } from './methods.ts';
import { textMethods } from './text-methods.ts';
import {
  Callable,
  demand,
  describeType,
  Group,
  getFromMapping,
  isList,
  isMapping,
  listKeys,
  NativeObject,
  Tuple,
  Undefined,
} from './values.ts';

/** Methods after which a list or mapping is not what it was. */
export const changingMethods: ReadonlySet<string> = new Set([
  'append',
  'clear',
  'extend',
  'insert',
  'pop',
  'popitem',
  'remove',
  'reverse',
  'setdefault',
  'sort',
  'update',
]);

/** How the template writes what is looked up, for the message about what is missing. */
export interface Place {
  readonly base: string;
  readonly whole: string;
}

/** `value.name`: a method or member first, then the value under that key, as in Jinja. */
export function getAttribute(value: unknown, name: string, place: Place): unknown {
  if (isPlain(value)) {
    const found = mappingMethods.has(name) ? undefined : getFromMapping(value, name);
    if (found !== undefined) return found;
  }
  const member = findMember(demand(value), name);
  if (member !== undefined) return member;
  const keyed = getKeyed(value, name);
  return keyed === undefined ? miss(value, name, place) : keyed;
}

/** `value[key]`: the value under that key first, then a method or member, as in Jinja. */
export function getItem(value: unknown, key: unknown, place: Place): unknown {
  demand(value);
  demand(key);
  const found = getKeyed(value, key);
  if (found !== undefined) return found;
  if (typeof key !== 'string') return new Undefined(place.whole);
  const member = findMember(value, key);
  return member === undefined ? miss(value, key, place) : member;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isList(value) && isMapping(value);
}

function getKeyed(value: unknown, key: unknown): unknown {
  if (typeof value === 'string' || isList(value)) {
    const index = typeof key === 'boolean' ? Number(key) : key;
    if (typeof index !== 'number' || !Number.isInteger(index)) return undefined;
    const items = typeof value === 'string' ? splitCharacters(value) : value;
    return items[index < 0 ? index + items.length : index];
  }
  return isMapping(value) && (typeof key !== 'object' || key === null) ? getFromMapping(value, key) : undefined;
}

/** A method or member, `undefined` if the type has none of that name. */
export function findMember(value: unknown, name: string): unknown {
  if (value instanceof NativeObject || value instanceof Callable) return value.getMember(name);
  if (typeof value === 'string') return bind(textMethods, name, value);
  if (value instanceof Tuple) {
    if (value instanceof Group && (name === 'grouper' || name === 'list')) return value[name];
    return bind(tupleMethods, name, value);
  }
  if (isList(value)) return bind(listMethods, name, value);
  return isMapping(value) ? bind(mappingMethods, name, value) : undefined;
}

function bind<Self>(table: MethodTable<Self>, name: string, self: Self): BoundMethod<Self> | undefined {
  const found = table.get(name);
  return found === undefined ? undefined : new BoundMethod(name, found, self);
}

function miss(value: unknown, name: string, place: Place): Undefined {
  return new Undefined(place.whole, () => {
    const known = listKnownNames(value);
    const nearest = findNearestName(name, known);
    if (nearest !== undefined) return `Did you mean "${writeMember(place.base, nearest)}"?`;
    if (place.base === 'sample' && isMapping(value))
      return `The columns of the sample are ${known.slice(0, 20).join(', ')}.`;
    return value === null ? `"${place.base}" is ${describeType(value)}.` : undefined;
  });
}

function listKnownNames(value: unknown): string[] {
  if (value instanceof NativeObject) return [...value.listMembers()];
  if (typeof value === 'string') return [...textMethods.keys()];
  if (isList(value)) return [...listMethods.keys()];
  return isMapping(value) ? listKeys(value).filter((key) => typeof key === 'string') : [];
}

function writeMember(base: string, name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !mappingMethods.has(name) ? `${base}.${name}` : `${base}['${name}']`;
}
