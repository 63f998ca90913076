import { z } from 'zod';
import type { Release } from '../../evaluation/spec/common.ts';
import { type ConfigNode, type ConfigPath, childOf, type MapEntry, mapChildren } from './config-node.ts';

export type Schema = z.core.$ZodType;

/** What the schemas say about a place beyond its type. */
export interface SchemaMarks {
  readonly notBuiltYet?: Release;
  readonly notBuiltTypes?: Readonly<Record<string, Release>>;
  readonly referenceTo?: 'model' | 'adapter' | 'dataset' | 'task';
  readonly dataPath?: boolean;
}

// Schemas never change, and a file of a thousand specifications asks the same ones a million times.
const knownMarks = new WeakMap<Schema, SchemaMarks>();
const knownInner = new WeakMap<Schema, Schema>();

/** Marks of a schema and of what it wraps. */
export function marksOf(schema: Schema): SchemaMarks {
  const known = knownMarks.get(schema);
  if (known !== undefined) return known;
  const inner = unwrapOnce(schema);
  const marks = { ...(inner === undefined ? {} : marksOf(inner)), ...z.globalRegistry.get(schema) };
  knownMarks.set(schema, marks);
  return marks;
}

/** The schema within `optional`, `nullable` and `default`. */
export function unwrap(schema: Schema): Schema {
  const known = knownInner.get(schema);
  if (known !== undefined) return known;
  const inner = unwrapOnce(schema);
  const innermost = inner === undefined ? schema : unwrap(inner);
  knownInner.set(schema, innermost);
  return innermost;
}

/** Whether a key with this schema may be left out. */
export function isOptional(schema: Schema): boolean {
  return schema._zod.optin !== undefined;
}

export function acceptsNull(schema: Schema): boolean {
  if (schema instanceof z.ZodNullable) return true;
  const inner = unwrapOnce(schema);
  // JSON values: whatever YAML can say.
  return inner === undefined ? schema instanceof z.ZodLazy || schema instanceof z.ZodNull : acceptsNull(inner);
}

/** The member of a union that a value is meant to be; other schemas as they are, undefined where nothing tells. */
export function narrow(schema: Schema, node: ConfigNode | undefined): Schema | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const name = inner._zod.def.discriminator;
    const type = childOf(node, name);
    if (type !== undefined && type.kind !== 'scalar') return undefined;
    return inner.options.find((option) => option._zod.propValues?.[name]?.has(type?.value));
  }
  if (!(inner instanceof z.ZodUnion)) return inner;
  const fits = (option: Schema): boolean => {
    const member = unwrap(option);
    if (node?.kind === 'list') return member instanceof z.ZodArray;
    if (node?.kind === 'map') return member instanceof z.ZodObject || member instanceof z.ZodRecord;
    return false;
  };
  return inner.options.find(fits) ?? inner;
}

/** Schema of a child; undefined where the parent's schema does not know it. */
export function childSchema(
  schema: Schema,
  node: ConfigNode | undefined,
  segment: string | number,
): Schema | undefined {
  const inner = narrow(schema, node);
  if (inner instanceof z.ZodObject) return own(inner.shape, String(segment));
  if (inner instanceof z.ZodRecord) return inner.valueType;
  if (inner instanceof z.ZodArray) return inner.element;
  // JSON within JSON.
  return inner instanceof z.ZodLazy ? inner : undefined;
}

/** Keys that a mapping may have at a place; undefined where it may have any. */
export function keysOf(schema: Schema, node: ConfigNode | undefined): readonly string[] | undefined {
  const inner = unwrap(schema);
  const narrowed = narrow(inner, node);
  if (narrowed instanceof z.ZodObject) return Object.keys(narrowed.shape);
  if (!(inner instanceof z.ZodDiscriminatedUnion))
    return inner instanceof z.ZodRecord || inner instanceof z.ZodLazy ? undefined : [];
  return [...new Set(inner.options.flatMap((option) => keysOf(option, undefined) ?? []))];
}

/** Schema at a path from the root, wrappers included. */
export function schemaAt(schema: Schema, root: ConfigNode, path: ConfigPath): Schema | undefined {
  let current: Schema | undefined = schema;
  let node: ConfigNode | undefined = root;
  for (const segment of path) {
    if (current === undefined) return undefined;
    current = childSchema(current, node, segment);
    node = childOf(node, segment);
  }
  return current;
}

/** Rebuilds a tree from its leaves up, knowing the schema of every place; places without one are left alone. */
export function mapWithSchema(
  schema: Schema,
  node: ConfigNode,
  change: (node: ConfigNode, schema: Schema) => ConfigNode,
): ConfigNode {
  const children = mapChildren(node, (child, segment) => {
    const below = childSchema(schema, node, segment);
    return below === undefined || unwrap(below) instanceof z.ZodLazy ? child : mapWithSchema(below, child, change);
  });
  return change(children, schema);
}

/** Calls a function for every place that has a schema. */
export function visitWithSchema(
  schema: Schema,
  node: ConfigNode,
  visit: (node: ConfigNode, schema: Schema, path: ConfigPath) => void,
  path: ConfigPath = [],
): void {
  visit(node, schema, path);
  const children: Iterable<readonly [string | number, ConfigNode]> =
    node.kind === 'list'
      ? node.items.entries()
      : node.kind === 'map'
        ? [...node.entries].map(([key, { value }]) => [key, value] as const)
        : [];
  for (const [segment, child] of children) {
    const below = childSchema(schema, node, segment);
    if (below !== undefined && !(unwrap(below) instanceof z.ZodLazy))
      visitWithSchema(below, child, visit, [...path, segment]);
  }
}

/**
 * Leaves out keys whose value is null where the key may be left out and null says nothing: an empty section, or an
 * optional field filled from a parameter that is null.
 */
export function dropEmptyKeys(schema: Schema, node: ConfigNode): ConfigNode {
  return mapWithSchema(schema, node, (current, place) => {
    const object = narrow(place, current);
    if (current.kind !== 'map' || !(object instanceof z.ZodObject)) return current;
    const isKept = ([key, { value }]: readonly [string, MapEntry]): boolean => {
      const field = own(object.shape, key);
      if (value.kind !== 'scalar' || value.value !== null || field === undefined) return true;
      return !isOptional(field) || acceptsNull(field) || marksOf(field).notBuiltYet !== undefined;
    };
    const entries = [...current.entries].filter(isKept);
    return entries.length === current.entries.size ? current : { ...current, entries: new Map(entries) };
  });
}

function unwrapOnce(schema: Schema): Schema | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return schema._zod.def.innerType;
  return undefined;
}

/** Field of a shape; a key such as `constructor` is none. */
function own(shape: Readonly<Record<string, Schema>>, key: string): Schema | undefined {
  return Object.hasOwn(shape, key) ? shape[key] : undefined;
}
