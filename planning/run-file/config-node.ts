import type { SourceLocation } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';

/** Keys and indexes from the root of the run config. */
export type ConfigPath = readonly (string | number)[];

interface NodeBase {
  /** Absent for what did not come from a file. */
  readonly location?: SourceLocation;
  /** Folder of the YAML file that declares the value; data paths are relative to it. */
  readonly directory: string;
  /** Stands where a placeholder stood, so that what is wrong with it is known only once the placeholder is resolved. */
  readonly isSubstituted?: boolean;
}

export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** Written without quotes: decides about warnings for `yes`, `no`, `on`, `off`. */
  readonly isPlain?: boolean;
  /** Text of an included file, in which `$VAR` is not expanded. */
  readonly isIncluded?: boolean;
  /** Came from the environment, so that it is text whatever it looks like. */
  readonly isExpanded?: boolean;
}

export interface ListNode extends NodeBase {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
}

export interface MapEntry {
  readonly keyLocation?: SourceLocation;
  readonly value: ConfigNode;
}

export interface MapNode extends NodeBase {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
  /** What a credential field becomes (`{secret, variable}`), as opposed to a mapping that somebody wrote. */
  readonly isSecret?: boolean;
}

/** A value about which an error has been reported; further ones at or below it would only repeat that. */
export interface BrokenNode extends NodeBase {
  readonly kind: 'broken';
}

/**
 * A value of the run config that knows where it was written. Nodes are never changed: every step of the reader makes new
 * ones, so that an anchor used twice cannot be altered in one place by way of the other.
 */
export type ConfigNode = ScalarNode | ListNode | MapNode | BrokenNode;

/** Plain data of a node; `null` where it is broken. */
export function toValue(node: ConfigNode): JsonValue {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toValue);
    case 'map':
      return toObject([...node.entries].map(([key, { value }]) => [key, toValue(value)]));
    case 'broken':
      return null;
  }
}

/** Nodes for plain data, all in one place. @throws {TypeError} for what JSON cannot say. */
export function fromValue(value: unknown, place: NodeBase): ConfigNode {
  if (value === null || typeof value === 'string' || typeof value === 'boolean')
    return { ...place, kind: 'scalar', value };
  if (typeof value === 'number' && Number.isFinite(value)) return { ...place, kind: 'scalar', value };
  if (Array.isArray(value)) return { ...place, kind: 'list', items: value.map((item) => fromValue(item, place)) };
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, child]) => child !== undefined);
    return {
      ...place,
      kind: 'map',
      entries: new Map(entries.map(([key, child]) => [key, { value: fromValue(child, place) }])),
    };
  }
  throw new TypeError(`A run config holds text, numbers, true, false, null, lists and mappings, no ${typeof value}.`);
}

/** The same node with other children; the very same one where none has changed. */
export function mapChildren(
  node: ConfigNode,
  change: (child: ConfigNode, segment: string | number) => ConfigNode,
): ConfigNode {
  if (node.kind === 'list') {
    const items = node.items.map(change);
    return items.every((item, index) => item === node.items[index]) ? node : { ...node, items };
  }
  if (node.kind !== 'map') return node;
  // Most steps change nothing in most places, and inline datasets are large: copied only where something differs.
  let entries: Map<string, MapEntry> | undefined;
  for (const [key, entry] of node.entries) {
    const value = change(entry.value, key);
    if (value === entry.value) continue;
    entries ??= new Map(node.entries);
    entries.set(key, { ...entry, value });
  }
  return entries === undefined ? node : { ...node, entries };
}

/** Calls a function for every scalar below a node, with its path. */
export function visitScalars(
  node: ConfigNode,
  visit: (scalar: ScalarNode, path: ConfigPath) => void,
  path: ConfigPath = [],
): void {
  if (node.kind === 'scalar') visit(node, path);
  else if (node.kind === 'list') node.items.forEach((item, index) => visitScalars(item, visit, [...path, index]));
  else if (node.kind === 'map') {
    for (const [key, { value }] of node.entries) visitScalars(value, visit, [...path, key]);
  }
}

export function childOf(node: ConfigNode | undefined, segment: string | number): ConfigNode | undefined {
  if (node?.kind === 'map') return node.entries.get(String(segment))?.value;
  return node?.kind === 'list' && typeof segment === 'number' ? node.items[segment] : undefined;
}

export function nodeAt(root: ConfigNode, path: ConfigPath): ConfigNode | undefined {
  return path.reduce<ConfigNode | undefined>(childOf, root);
}

/** The nodes from the root to the deepest one that exists on a path. */
export function nodesOn(root: ConfigNode, path: ConfigPath): readonly ConfigNode[] {
  const nodes = [root];
  for (const segment of path) {
    const next = childOf(nodes.at(-1), segment);
    if (next === undefined) break;
    nodes.push(next);
  }
  return nodes;
}

/** Where a path is written, or the nearest thing around it that is. */
export function locate(root: ConfigNode, path: ConfigPath): SourceLocation | undefined {
  return nodesOn(root, path).findLast((node) => node.location !== undefined)?.location;
}

/** Items of a list at a key, none where there is no list. */
export function itemsAt(node: ConfigNode | undefined, key: string): readonly ConfigNode[] {
  const child = childOf(node, key);
  return child?.kind === 'list' ? child.items : [];
}

/** Text at a key, if there is some. */
export function textAt(node: ConfigNode | undefined, key: string): string | undefined {
  const child = childOf(node, key);
  return child?.kind === 'scalar' && typeof child.value === 'string' ? child.value : undefined;
}

/** `tasks[0].definition.solver`, for messages. */
export function formatPath(path: ConfigPath): string {
  if (path.length === 0) return 'the run config';
  return path.reduce<string>((text, segment) => {
    if (typeof segment === 'number') return `${text}[${segment}]`;
    const part = /^[\w$-]+$/.test(segment) ? segment : JSON.stringify(segment);
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** An own property for every key: `__proto__` is a key like any other. */
function toObject(entries: readonly (readonly [string, JsonValue])[]): JsonValue {
  return Object.fromEntries(entries);
}
