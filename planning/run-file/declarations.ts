import { suggestName } from '../../evaluation/nearest-name.ts';
import { builtInAdapterKeys, placeholderModelKey } from '../../evaluation/spec/models.ts';
import { type ConfigNode, type ConfigPath, childOf, formatPath, itemsAt, nodesOn, textAt } from './config-node.ts';
import { hasPlaceholder } from './placeholders.ts';
import type { Problems } from './problems.ts';
import { marksOf, type Schema, visitWithSchema } from './schema-walk.ts';

export type EntityKind = 'model' | 'adapter' | 'dataset' | 'task';

/** Keys of what a file declares, built-in ones included, whether or not the declarations have errors in them. */
export type Declared = Readonly<Record<EntityKind, ReadonlySet<string>>>;

/** Section of the run config that declares a kind. */
export const sections = {
  model: 'models',
  adapter: 'model_adapters',
  dataset: 'datasets',
  task: 'tasks',
} as const satisfies Readonly<Record<EntityKind, string>>;

export function collectDeclared(root: ConfigNode): Declared {
  const keysIn = (kind: EntityKind): readonly string[] =>
    itemsAt(root, sections[kind]).flatMap((item) => textAt(item, 'key') ?? []);
  return {
    model: new Set([...keysIn('model'), placeholderModelKey]),
    adapter: new Set([...keysIn('adapter'), ...builtInAdapterKeys]),
    dataset: new Set(keysIn('dataset')),
    task: new Set(keysIn('task')),
  };
}

/** Every reference below a node must name something declared; those with placeholders wait until they are resolved. */
export function checkReferences(
  schema: Schema,
  node: ConfigNode,
  options: {
    readonly path: ConfigPath;
    readonly declared: Declared;
    readonly problems: Problems;
    readonly suffix?: string;
  },
): void {
  const { path, declared, problems, suffix = '' } = options;
  visitWithSchema(schema, node, (place, placeSchema, inner) => {
    if (place.kind !== 'scalar' || typeof place.value !== 'string' || hasPlaceholder(place.value)) return;
    const kind = marksOf(placeSchema).referenceTo;
    if (kind === undefined || declared[kind].has(place.value)) return;
    const isSubstituted = nodesOn(node, inner).some((above) => above.isSubstituted);
    problems.add(
      'config-unknown-name',
      `${formatPath([...path, ...inner])} is "${place.value}", and no ${kind} has that key${isSubstituted ? suffix : ''}.`,
      place.location,
      suggestName(place.value, declared[kind]) ?? `No ${kind} is declared.`,
    );
  });
}

/** Keys of a list's elements must differ (format 1). */
export function checkUniqueKeys(items: readonly ConfigNode[], path: ConfigPath, problems: Problems): void {
  const first = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const key = textAt(item, 'key');
    if (key === undefined || hasPlaceholder(key)) continue;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, index);
    else reportTwice(key, [...path, earlier], items[earlier], [...path, index], item, problems);
  }
}

function reportTwice(
  key: string,
  earlierPath: ConfigPath,
  earlier: ConfigNode | undefined,
  path: ConfigPath,
  item: ConfigNode,
  problems: Problems,
): void {
  const location = childOf(item, 'key')?.location ?? item.location;
  const before = childOf(earlier, 'key')?.location ?? earlier?.location;
  const where = before?.line === undefined ? '' : ` (${before.file}:${before.line})`;
  problems.add(
    'config-duplicate-key',
    `${formatPath(path)} has the key "${key}" of ${formatPath(earlierPath)}${where}.`,
    location,
    'Give one of them another key.',
  );
}

/** Unique keys of scorers, of each scorer's metrics, and of action rules. */
export function checkDefinitionKeys(definition: ConfigNode | undefined, path: ConfigPath, problems: Problems): void {
  const scorers = itemsAt(definition, 'scorers');
  checkUniqueKeys(scorers, [...path, 'scorers'], problems);
  for (const [index, scorer] of scorers.entries()) {
    checkUniqueKeys(itemsAt(scorer, 'metrics'), [...path, 'scorers', index, 'metrics'], problems);
  }
  checkUniqueKeys(itemsAt(definition, 'actions'), [...path, 'actions'], problems);
}

/** Names that hold whatever the file says cannot be declared. */
export function checkBuiltInKeys(root: ConfigNode, problems: Problems): void {
  const report = (item: ConfigNode, key: string): void =>
    problems.add(
      'config-duplicate-key',
      `"${key}" is built in.`,
      childOf(item, 'key')?.location ?? item.location,
      'Give it another key.',
    );
  for (const item of itemsAt(root, 'model_adapters')) {
    const key = textAt(item, 'key') ?? '';
    if ((builtInAdapterKeys as readonly string[]).includes(key)) report(item, key);
  }
  for (const item of itemsAt(root, 'models')) {
    const isItself = textAt(childOf(item, 'config'), 'connection_type') === 'placeholder';
    if (textAt(item, 'key') === placeholderModelKey && !isItself) report(item, placeholderModelKey);
  }
}
