import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Overrides } from '../../contracts/overrides.ts';
import { optionOfLimit, pickLimitOverrides } from '../../evaluation/limits/limit-overrides.ts';
import { limitNames } from '../../evaluation/limits/spending-limits.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import { runFileSchema } from '../../evaluation/spec/run-file.ts';
import {
  type ConfigNode,
  type ConfigPath,
  childOf,
  formatPath,
  fromValue,
  itemsAt,
  type MapNode,
  mapChildren,
  textAt,
} from './config-node.ts';
import { parseOverridePath } from './override-path.ts';
import type { Problems } from './problems.ts';
import { makeProviderModelKey } from './provider-models.ts';
import { childSchema, keysOf, type Schema } from './schema-walk.ts';

/** Changes the run config as the command line says, before anything of it is validated. */
export function applyOverrides(
  root: ConfigNode,
  overrides: Overrides,
  { problems, workingDirectory }: { readonly problems: Problems; readonly workingDirectory: string },
): ConfigNode {
  let changed = root;
  for (const { path: text, value } of overrides.set ?? []) {
    const name = `--set ${text}`;
    try {
      const path = findPath(changed, parseOverridePath(text), name);
      changed = setAt(changed, path, fromValue(value, { location: { file: name }, directory: workingDirectory }));
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      problems.add(error.code, error.message, undefined, error.hint);
    }
  }
  if (overrides.numSamples !== undefined) {
    const value = fromValue(overrides.numSamples, { location: { file: '--num-samples' }, directory: workingDirectory });
    changed = setAt(withoutOwnSampleCounts(changed), ['run_config', 'num_samples'], value);
  }
  const limits = pickLimitOverrides(overrides) ?? {};
  for (const name of limitNames) {
    const limit = limits[name];
    if (limit === undefined) continue;
    const value = fromValue(limit, { location: { file: optionOfLimit[name] }, directory: workingDirectory });
    changed = setAt(changed, ['limits', name], value);
  }
  if (overrides.cachePolicy !== undefined) {
    const value = fromValue(overrides.cachePolicy, {
      location: { file: '--cache-policy' },
      directory: workingDirectory,
    });
    changed = setAt(
      changeAt(changed, 'evaluation', (node) => without(node, 'cache_policy')),
      ['run_config', 'cache_policy'],
      value,
    );
  }
  return changed;
}

/** Keys of list elements become indexes; a name that neither the format nor the file has is an error. */
function findPath(root: ConfigNode, segments: readonly string[], name: string): ConfigPath {
  const path: (string | number)[] = [];
  let node: ConfigNode | undefined = root;
  let schema: Schema | undefined = runFileSchema;
  for (const segment of segments) {
    const step: string | number = node?.kind === 'list' ? findIndex(node.items, segment, path, name) : segment;
    if (typeof step === 'string') checkKey(schema, node, step, path, name);
    schema = schema === undefined ? undefined : childSchema(schema, node, step);
    node = childOf(node, step);
    path.push(step);
  }
  return path;
}

function findIndex(items: readonly ConfigNode[], segment: string, path: ConfigPath, name: string): number {
  const keys = items.map(keyOfElement);
  const byKey = keys.indexOf(segment);
  if (byKey >= 0) return byKey;
  if (/^\d+$/.test(segment) && Number(segment) < items.length) return Number(segment);
  throw new EvaluationError('config-unknown-name', `${name}: ${formatPath(path)} has no element "${segment}".`, {
    hint:
      suggestName(
        segment,
        keys.filter((key) => key !== undefined),
      ) ?? `It has ${items.length} elements, counted from 0.`,
  });
}

function checkKey(
  schema: Schema | undefined,
  node: ConfigNode | undefined,
  key: string,
  path: ConfigPath,
  name: string,
): void {
  if (node?.kind === 'map' && node.entries.has(key)) return;
  const known = schema === undefined ? [] : keysOf(schema, node);
  if (known === undefined || known.includes(key)) return;
  const present = node?.kind === 'map' ? node.entries.keys() : [];
  const hint = suggestName(key, new Set([...known, ...present]));
  const message =
    known.length === 0
      ? `${name}: ${formatPath(path)} has nothing below it.`
      : `${name}: unknown key "${key}" in ${formatPath(path)}.`;
  throw new EvaluationError('config-unknown-key', message, hint === undefined ? {} : { hint });
}

/** What an element of a list goes by: its key, that of its provider's model, or that of its task. */
function keyOfElement(node: ConfigNode): string | undefined {
  const key = textAt(node, 'key');
  if (key !== undefined) return key;
  const [provider, ...model] = textAt(node, '$provider')?.split('/') ?? [];
  if (provider !== undefined && model.length > 0) return makeProviderModelKey(provider, model.join('/'));
  return textAt(node, 'task_key');
}

function setAt(node: ConfigNode, [segment, ...rest]: ConfigPath, value: ConfigNode): ConfigNode {
  if (segment === undefined) return value;
  if (node.kind === 'list')
    return mapChildren(node, (child, index) => (index === segment ? setAt(child, rest, value) : child));
  const { directory, location } = value;
  const empty: MapNode = {
    kind: 'map',
    directory,
    entries: new Map(),
    ...(location === undefined ? {} : { location }),
  };
  const map = node.kind === 'map' ? node : empty;
  const entry = map.entries.get(String(segment));
  const child = setAt(entry?.value ?? empty, rest, value);
  return { ...map, entries: new Map(map.entries).set(String(segment), { ...entry, value: child }) };
}

function withoutOwnSampleCounts(root: ConfigNode): ConfigNode {
  if (itemsAt(childOf(root, 'evaluation'), 'task_specifications').length === 0) return root;
  return changeAt(root, 'evaluation', (evaluation) =>
    changeAt(evaluation, 'task_specifications', (list) => mapChildren(list, (item) => without(item, 'num_samples'))),
  );
}

function changeAt(node: ConfigNode, key: string, change: (child: ConfigNode) => ConfigNode): ConfigNode {
  return mapChildren(node, (child, segment) => (segment === key ? change(child) : child));
}

function without(node: ConfigNode, key: string): ConfigNode {
  if (node.kind !== 'map' || !node.entries.has(key)) return node;
  return { ...node, entries: new Map([...node.entries].filter(([name]) => name !== key)) };
}
