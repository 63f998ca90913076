import { RenderFault } from './faults.ts';
import { type MethodTable, makeMethodTable, method } from './methods.ts';
import { readItems } from './read-argument.ts';
import {
  getFromMapping,
  isList,
  isMapping,
  type Keywords,
  listEntries,
  listKeys,
  type Mapping,
  makeTuple,
  toKey,
} from './values.ts';

/** The methods of Python mappings. */
export const mappingMethods: MethodTable<Mapping> = makeMethodTable<Mapping>({
  clear: method('', (mapping) => {
    for (const key of listKeys(mapping)) remove(mapping, key);
    return null;
  }),
  copy: method('', (mapping) => new Map(listEntries(mapping))),
  get: method('key, default?', (mapping, key, otherwise = null) => {
    const found = getFromMapping(mapping, key);
    return found === undefined ? otherwise : found;
  }),
  items: method('', (mapping) => listEntries(mapping).map(makeTuple)),
  keys: method('', (mapping) => listKeys(mapping)),
  pop: method('key, default?', (mapping, key, otherwise) => {
    const found = getFromMapping(mapping, key);
    if (found === undefined && otherwise === undefined)
      throw new RenderFault('the mapping does not have the key to pop');
    remove(mapping, key);
    return found === undefined ? otherwise : found;
  }),
  popitem: method('', (mapping) => {
    const last = listEntries(mapping).at(-1);
    if (last === undefined) throw new RenderFault('the mapping is empty');
    remove(mapping, last[0]);
    return makeTuple(last);
  }),
  setdefault: method('key, default?', (mapping, key, otherwise = null) => {
    const found = getFromMapping(mapping, key);
    if (found !== undefined) return found;
    put(mapping, key, otherwise);
    return otherwise;
  }),
  update: method('other?, **', (mapping, other, more) => {
    for (const [key, item] of readPairs(other)) put(mapping, key, item);
    for (const [key, item] of more as Keywords) put(mapping, key, item);
    return null;
  }),
  values: method('', (mapping) => listEntries(mapping).map(([, item]) => item)),
});

/** What `dict()` and `update()` take: a mapping or a list of pairs. */
export function readPairs(value: unknown): Iterable<[unknown, unknown]> {
  if (value === undefined || value === null) return [];
  if (isMapping(value)) return listEntries(value);
  return readItems(value).map((pair) => {
    if (!isList(pair) || pair.length !== 2) throw new RenderFault('a mapping is made of pairs of a key and a value');
    return [pair[0], pair[1]];
  });
}

function put(mapping: Mapping, key: unknown, item: unknown): void {
  if (mapping instanceof Map) mapping.set(toKey(key), item);
  else if (Object.isFrozen(mapping)) throw new RenderFault('this mapping cannot be changed');
  // A plain assignment to "__proto__" would change the prototype instead of adding a key.
  else
    Object.defineProperty(mapping, String(key), { value: item, enumerable: true, configurable: true, writable: true });
}

function remove(mapping: Mapping, key: unknown): void {
  if (mapping instanceof Map) mapping.delete(key);
  else if (Object.isFrozen(mapping)) throw new RenderFault('this mapping cannot be changed');
  else Reflect.deleteProperty(mapping, String(key));
}
