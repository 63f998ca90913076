import { findNearestName } from '../../nearest-name.ts';
import { RenderFault, SyntaxFault } from './faults.ts';
import { makeAttributeReader } from './filters/attribute-path.ts';
import { type Definition, define } from './filters/filter-definition.ts';
import { jsonFilters } from './filters/json-filters.ts';
import { listFilters } from './filters/list-filters.ts';
import { markupFilters } from './filters/markup-filters.ts';
import { numberFilters } from './filters/number-filters.ts';
import { textFilters } from './filters/text-filters.ts';
import { findMember } from './members.ts';
import { readAsText, readItems, readText } from './read-argument.ts';
import { bindArguments } from './signature.ts';
import { plainTests } from './tests.ts';
import { demand, isTrue, type Keywords, noKeywords, Undefined } from './values.ts';

// Filters and tests that take the name of another one know the tables they stand in; that is why these are here.

const ownFilters: Readonly<Record<string, Definition>> = {
  attr: define('name', (value, name) => findMember(value, readText(name, 'the name'))),
  d: define('default_value?, boolean?', chooseDefault, { acceptsUndefined: true }),
  default: define('default_value?, boolean?', chooseDefault, { acceptsUndefined: true }),
  map: define('*, **', (value, positional, keywords) => map(value, positional as unknown[], keywords as Keywords)),
  reject: define('*', (value, positional) => select(value, positional as unknown[], false, false)),
  rejectattr: define('name, *', (value, name, positional) =>
    select(value, [name, ...(positional as unknown[])], true, false),
  ),
  select: define('*', (value, positional) => select(value, positional as unknown[], false, true)),
  selectattr: define('name, *', (value, name, positional) =>
    select(value, [name, ...(positional as unknown[])], true, true),
  ),
};

export const filters: ReadonlyMap<string, Definition> = new Map(
  Object.entries({ ...listFilters, ...markupFilters, ...numberFilters, ...textFilters, ...jsonFilters, ...ownFilters }),
);

export const tests: ReadonlyMap<string, Definition> = new Map(
  Object.entries({
    ...plainTests,
    filter: define('', (value) => filters.has(readAsText(value))),
    test: define('', (value): boolean => tests.has(readAsText(value))),
  }),
);

/** Filters of Jinja that are refused, with the reason. */
const refusedFilters: ReadonlyMap<string, string> = new Map([
  ['random', 'the same sample must give the same text every time'],
  ['urlize', 'it makes links for pages'],
]);

/** Filters that take the name of a filter or test as an argument, and its place. */
const nameArguments: ReadonlyMap<string, { readonly kind: 'filter' | 'test'; readonly index: number }> = new Map([
  ['map', { kind: 'filter', index: 0 }],
  ['select', { kind: 'test', index: 0 }],
  ['reject', { kind: 'test', index: 0 }],
  ['selectattr', { kind: 'test', index: 1 }],
  ['rejectattr', { kind: 'test', index: 1 }],
]);

export function findNameArgument(
  filter: string,
): { readonly kind: 'filter' | 'test'; readonly index: number } | undefined {
  return nameArguments.get(filter);
}

/** @throws {SyntaxFault} With the nearest name, for what is no filter or test. */
export function getDefinition(kind: 'filter' | 'test', name: string, line: number): Definition {
  const table = kind === 'filter' ? filters : tests;
  const definition = table.get(name);
  if (definition !== undefined) return definition;
  const refusal = kind === 'filter' ? refusedFilters.get(name) : undefined;
  if (refusal !== undefined)
    throw new SyntaxFault(`the filter "${name}" is not available in templates: ${refusal}`, line);
  const nearest = findNearestName(name, table.keys());
  throw new SyntaxFault(
    `unknown ${kind} "${name}"`,
    line,
    nearest === undefined ? undefined : `Did you mean "${nearest}"?`,
  );
}

/** Runs a filter or test; missing values are refused unless it takes them. */
export function applyDefinition(
  name: string,
  definition: Definition,
  input: unknown,
  positional: readonly unknown[],
  keywords: Keywords,
): unknown {
  if (!definition.acceptsUndefined) {
    demand(input);
    for (const argument of positional) demand(argument);
    for (const argument of keywords.values()) demand(argument);
  }
  return definition.run(input, ...bindArguments(name, definition.signature, positional, keywords));
}

function chooseDefault(value: unknown, otherwise: unknown = '', replacesFalse: unknown = false): unknown {
  return value instanceof Undefined || (isTrue(replacesFalse) && !isTrue(value)) ? otherwise : value;
}

function map(value: unknown, positional: readonly unknown[], keywords: Keywords): unknown[] {
  const items = readItems(value);
  if (positional.length === 0 && keywords.has('attribute')) {
    const unknownName = [...keywords.keys()].find((name) => name !== 'attribute' && name !== 'default');
    if (unknownName !== undefined) throw new RenderFault(`"map" has no argument "${unknownName}"`);
    return items.map(makeAttributeReader(keywords.get('attribute'), keywords.get('default')));
  }
  const [name, ...rest] = positional;
  const filter = readName('map', name);
  const definition = findByName(filters, 'filter', filter);
  return items.map((item) => applyDefinition(filter, definition, item, rest, keywords));
}

function select(value: unknown, positional: readonly unknown[], byAttribute: boolean, wanted: boolean): unknown[] {
  const read = byAttribute ? makeAttributeReader(positional[0]) : (item: unknown) => item;
  const [name, ...rest] = positional.slice(byAttribute ? 1 : 0);
  if (name === undefined) return readItems(value).filter((item) => isTrue(read(item)) === wanted);
  const test = readName('select', name);
  const definition = findByName(tests, 'test', test);
  return readItems(value).filter(
    (item) => isTrue(applyDefinition(test, definition, read(item), rest, noKeywords)) === wanted,
  );
}

function readName(filter: string, name: unknown): string {
  if (name === undefined) throw new RenderFault(`"${filter}" needs the name of a filter, or "attribute"`);
  return readText(name, 'the name of a filter or test');
}

function findByName(table: ReadonlyMap<string, Definition>, kind: string, name: string): Definition {
  const definition = table.get(name);
  if (definition === undefined) throw new RenderFault(`the ${kind} to apply does not exist`);
  return definition;
}
