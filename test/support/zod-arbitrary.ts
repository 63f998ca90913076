import fc from 'fast-check';
import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../contracts/json.ts';

export type Schema = z.core.$ZodType;

/** Everything that the schemas of the run config say about a place beyond its type. */
export interface Marks {
  readonly template?: boolean;
  readonly valueTemplate?: boolean;
  readonly referenceTo?: 'model' | 'adapter' | 'dataset' | 'task';
  readonly dataPath?: boolean;
  readonly credential?: boolean;
  readonly notBuiltYet?: string;
}

export interface ArbitraryOptions {
  /** Values of a place that its type alone does not tell, such as a reference; undefined leaves it to the type. */
  readonly forPlace: (schema: Schema, marks: Marks) => fc.Arbitrary<JsonValue> | undefined;
  /** Text that has no form of its own. */
  readonly text: fc.Arbitrary<string>;
  /** Names in mappings that may have any. */
  readonly name: fc.Arbitrary<string>;
}

/** A place within a value: the value there and the schema that it has to fit. */
export interface Place {
  readonly path: readonly (string | number)[];
  readonly value: JsonValue;
  readonly schema: Schema;
}

/** Marks of a schema and of what it wraps. */
export function marksOf(schema: Schema): Marks {
  const inner = unwrapOnce(schema);
  return { ...(inner === undefined ? {} : marksOf(inner)), ...(z.globalRegistry.get(schema) as Marks | undefined) };
}

/** The schema within `optional`, `nullable` and `default`. */
export function unwrap(schema: Schema): Schema {
  const inner = unwrapOnce(schema);
  return inner === undefined ? schema : unwrap(inner);
}

export function isOptional(schema: Schema): boolean {
  return schema._zod.optin !== undefined;
}

/** The one value that a place can have, if there is only one: it cannot be changed alone. */
export function findOnlyValue(schema: Schema): JsonValue | undefined {
  const inner = unwrap(schema);
  const values =
    inner instanceof z.ZodLiteral ? [...inner.values] : inner instanceof z.ZodEnum ? Object.values(inner.enum) : [];
  const [only] = values;
  if (values.length !== 1 || only === undefined || typeof only === 'bigint') return undefined;
  // Absent is a second value, unless it means the first.
  return isOptional(schema) && !(schema instanceof z.ZodDefault) ? undefined : only;
}

/**
 * Values as an author writes them for a schema; rules that span several places (one number above another) may be
 * broken, so the caller drops what is not accepted.
 *
 * @throws {Error} For a kind of schema that nobody taught it: a test must not pass over it in silence.
 */
export function arbitraryFor(schema: Schema, options: ArbitraryOptions): fc.Arbitrary<JsonValue> {
  const marks = marksOf(schema);
  if (marks.notBuiltYet !== undefined) throw new Error('What is not built yet has no values.');
  if (schema instanceof z.ZodNullable) {
    return fc.oneof({ weight: 3, arbitrary: arbitraryFor(schema.unwrap(), options) }, fc.constant(null));
  }
  const wrapped = unwrapOnce(schema);
  if (wrapped !== undefined) return arbitraryFor(wrapped, options);
  const forPlace = options.forPlace(schema, marks);
  if (forPlace !== undefined) return forPlace;
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...([...schema.values] as JsonValue[]));
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...(Object.values(schema.enum) as JsonValue[]));
  if (schema instanceof z.ZodString) return fitting(schema, arbitraryText(schema, options));
  if (schema instanceof z.ZodURL) {
    return fitting(
      schema,
      options.name.map((name) => `https://${name.toLowerCase()}.example.org/v1`),
    );
  }
  if (schema instanceof z.ZodNumber) return fitting(schema, arbitraryNumber(schema));
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNull) return fc.constant(null);
  if (schema instanceof z.ZodLazy) return arbitraryJson(options);
  if (schema instanceof z.ZodArray) {
    return fc.array(arbitraryFor(schema.element, options), { minLength: findMinLength(schema), maxLength: 2 });
  }
  if (schema instanceof z.ZodRecord) {
    return toMapping(fc.dictionary(options.name, arbitraryFor(schema.valueType, options), { maxKeys: 2 }));
  }
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map((option) => arbitraryFor(option, options)));
  if (schema instanceof z.ZodObject) return arbitraryObject(schema, options);
  throw new Error(`No values are known for a schema of type ${schema._zod.def.type}.`);
}

/** Values that differ from the given one in a single place, wherever that is: a leaf, a list, the whole. */
export function arbitraryChange(schema: Schema, value: JsonValue, options: ArbitraryOptions): fc.Arbitrary<JsonValue> {
  return fc.constantFrom(...listPlaces(schema, value)).chain((place) => {
    const changed = arbitraryFor(place.schema, options).map((other) => setAt(value, place.path, other));
    const object = narrow(place.schema, place.value);
    if (!(object instanceof z.ZodObject) || !isMapping(place.value)) return changed;
    return fc.oneof(changed, ...listOptionalFieldChanges(object, place, value, options));
  });
}

/** The value itself and everything in it that a schema describes. */
export function listPlaces(schema: Schema, value: JsonValue, path: Place['path'] = []): Place[] {
  const places: Place[] = [{ path, value, schema }];
  const inner = narrow(schema, value);
  if (inner instanceof z.ZodObject && isMapping(value)) {
    for (const [key, child] of Object.entries(value)) {
      const field = (inner.shape as Readonly<Record<string, Schema>>)[key];
      if (field !== undefined && marksOf(field).notBuiltYet === undefined)
        places.push(...listPlaces(field, child ?? null, [...path, key]));
    }
  } else if (inner instanceof z.ZodRecord && isMapping(value)) {
    for (const [key, child] of Object.entries(value))
      places.push(...listPlaces(inner.valueType, child ?? null, [...path, key]));
  } else if (inner instanceof z.ZodArray && Array.isArray(value)) {
    value.forEach((child: JsonValue, index) => places.push(...listPlaces(inner.element, child, [...path, index])));
  }
  return places;
}

/** A copy with another value at a path; undefined removes a key. */
export function setAt(value: JsonValue, path: Place['path'], changed: JsonValue | undefined): JsonValue {
  const [segment, ...rest] = path;
  if (segment === undefined) return changed ?? null;
  if (Array.isArray(value)) {
    return value.map((child: JsonValue, index) => (index === segment ? setAt(child, rest, changed) : child));
  }
  if (!isMapping(value)) throw new Error(`Nothing lies at ${path.join('.')}.`);
  if (rest.length > 0) return { ...value, [segment]: setAt(value[segment] ?? {}, rest, changed) };
  const { [String(segment)]: _, ...others } = value;
  return changed === undefined ? others : { ...others, [segment]: changed };
}

export function getAt(value: JsonValue | undefined, path: Place['path']): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (current, segment) => (current === undefined || current === null ? undefined : (current as JsonObject)[segment]),
    value,
  );
}

/** Members of a union by the value of its discriminator; any other schema is the only member, without a tag. */
export function listMembers(schema: Schema): { readonly tag: string | undefined; readonly object: z.ZodObject }[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return [{ tag: undefined, object: inner }];
  if (!(inner instanceof z.ZodDiscriminatedUnion)) throw new Error(`No mapping: ${inner._zod.def.type}.`);
  const name = inner._zod.def.discriminator;
  return inner.options.flatMap((option) =>
    [...(option._zod.propValues?.[name] ?? [])]
      .filter((tag) => typeof tag === 'string')
      .map((tag) => ({ tag, object: option as z.ZodObject })),
  );
}

function unwrapOnce(schema: Schema): Schema | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return schema._zod.def.innerType;
  return undefined;
}

function fitting(schema: Schema, values: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  return values.filter((value) => z.safeParse(schema, value).success);
}

function arbitraryText(schema: z.ZodString, { text }: ArbitraryOptions): fc.Arbitrary<string> {
  const pattern = listChecks(schema).find((check) => check.format === 'regex')?.pattern;
  return pattern === undefined ? text : fc.stringMatching(pattern, { maxLength: 20 });
}

function findMinLength(schema: Schema): number {
  return listChecks(schema).find(({ check }) => check === 'min_length')?.minimum ?? 0;
}

/** What zod knows of the checks of a schema, as far as it matters here. */
function listChecks(schema: Schema) {
  return (schema._zod.def.checks ?? []).map(
    (check) =>
      check._zod.def as {
        readonly check: string;
        readonly format?: string;
        readonly pattern?: RegExp;
        readonly minimum?: number;
      },
  );
}

function arbitraryNumber(schema: z.ZodNumber): fc.Arbitrary<number> {
  // Without a bound of its own a whole number has those of a double.
  const min = Math.max(schema.minValue ?? -20, schema.minValue === Number.MIN_SAFE_INTEGER ? -20 : -1e6);
  const max = Math.min(schema.maxValue ?? min + 40, min + 40);
  const whole = fc.integer({ min: Math.ceil(min), max: Math.floor(max) });
  if (schema.format === 'safeint') return whole;
  return fc.oneof(
    whole,
    fc.integer({ min: Math.ceil(min * 100), max: Math.floor(max * 100) }).map((count) => count / 100),
  );
}

function arbitraryJson({ text, name }: ArbitraryOptions): fc.Arbitrary<JsonValue> {
  const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
    { weight: 6, arbitrary: text },
    fc.integer({ min: -3, max: 9 }),
    fc.boolean(),
    fc.constant(null),
  );
  return fc.oneof(
    { weight: 6, arbitrary: scalar },
    fc.array(scalar, { maxLength: 2 }),
    toMapping(fc.dictionary(name, scalar, { maxKeys: 2 })),
  );
}

function arbitraryObject(schema: z.ZodObject, options: ArbitraryOptions): fc.Arbitrary<JsonValue> {
  const fields = Object.entries(schema.shape as Readonly<Record<string, Schema>>).filter(
    ([, field]) => marksOf(field).notBuiltYet === undefined,
  );
  const values = Object.fromEntries(fields.map(([key, field]) => [key, arbitraryFor(field, options)]));
  const requiredKeys = fields.filter(([, field]) => !isOptional(field)).map(([key]) => key);
  return toMapping(fc.record(values, { requiredKeys }));
}

/** fast-check makes mappings without a prototype; authors write plain ones. */
function toMapping(mappings: fc.Arbitrary<Readonly<Record<string, JsonValue>>>): fc.Arbitrary<JsonObject> {
  return mappings.map((mapping) => ({ ...mapping }));
}

/** Each optional field left out where it is there, and put in where it is not. */
function listOptionalFieldChanges(
  object: z.ZodObject,
  place: Place,
  root: JsonValue,
  options: ArbitraryOptions,
): fc.Arbitrary<JsonValue>[] {
  return Object.entries(object.shape as Readonly<Record<string, Schema>>)
    .filter(([, field]) => isOptional(field) && marksOf(field).notBuiltYet === undefined)
    .map(([key, field]) => {
      const path = [...place.path, key];
      if (getAt(place.value, [key]) !== undefined) return fc.constant(setAt(root, path, undefined));
      return arbitraryFor(field, options).map((added) => setAt(root, path, added));
    });
}

/** The member of a union that a value is meant to be; any other schema without its wrappers. */
function narrow(schema: Schema, value: JsonValue): Schema {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodUnion)) return inner;
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const tag = getAt(value, [inner._zod.def.discriminator]);
    return (
      inner.options.find((option) => option._zod.propValues?.[inner._zod.def.discriminator]?.has(tag as string)) ??
      inner
    );
  }
  const option = inner.options.find((candidate) => {
    const member = unwrap(candidate);
    if (Array.isArray(value)) return member instanceof z.ZodArray;
    return isMapping(value)
      ? member instanceof z.ZodObject || member instanceof z.ZodRecord
      : z.safeParse(member, value).success;
  });
  return option === undefined ? inner : unwrap(option);
}

function isMapping(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
