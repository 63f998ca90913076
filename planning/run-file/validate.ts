import { z } from 'zod';
import type { ErrorCode } from '../../contracts/evaluation-error.ts';
import { findNearestName, suggestName } from '../../evaluation/nearest-name.ts';
import type { Release } from '../../evaluation/spec/common.ts';
import { type ConfigNode, type ConfigPath, formatPath, locate, nodeAt, nodesOn, toValue } from './config-node.ts';
import { describeFound, describeSchema, listChoices } from './describe.ts';
import { findOlderKey, findOlderValue, isReplaced, type OlderSpelling } from './older-spellings.ts';
import { hasPlaceholder } from './placeholders.ts';
import type { Problems } from './problems.ts';
import { dropEmptyKeys, keysOf, marksOf, type Schema, schemaAt, unwrap } from './schema-walk.ts';

export interface ValidationPlace {
  readonly problems: Problems;
  /** Path of the validated node within the run config. */
  readonly path: ConfigPath;
  /** Added to messages about values that came from a placeholder, such as ` (in specification "a")`. */
  readonly suffix?: string;
}

type Issue = z.core.$ZodIssue;

/**
 * Checks a node against a schema and reports everything that does not fit, with place, value, what is allowed and the
 * nearest valid name. Values with placeholders in them are left for the time when those are resolved.
 */
export function validate(schema: Schema, node: ConfigNode, place: ValidationPlace): void {
  const content = dropEmptyKeys(schema, node);
  const result = z.safeParse(schema, toValue(content));
  if (result.success) return;
  for (const issue of result.error.issues.flatMap(flattenUnion))
    new IssueReport(schema, content, issue, place).report();
}

/** The schema's output for a node, or undefined where it does not fit (which {@link validate} reports). */
export function parse<S extends Schema>(schema: S, node: ConfigNode): z.output<S> | undefined {
  const result = z.safeParse(schema, toValue(dropEmptyKeys(schema, node)));
  return result.success ? result.data : undefined;
}

/** Of a union without discriminator only the member that came furthest has something to say. */
function flattenUnion(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const deepest = issue.errors.find((errors) => errors.length > 0 && errors.every(({ path }) => path.length > 0));
  if (deepest === undefined) return [issue];
  return deepest.flatMap((inner) => flattenUnion({ ...inner, path: [...issue.path, ...inner.path] }));
}

class IssueReport {
  readonly #schema: Schema;
  readonly #root: ConfigNode;
  readonly #issue: Issue;
  readonly #place: ValidationPlace;
  /** Within the validated node. */
  readonly #path: ConfigPath;

  constructor(schema: Schema, root: ConfigNode, issue: Issue, place: ValidationPlace) {
    this.#schema = schema;
    this.#root = root;
    this.#issue = issue;
    this.#place = place;
    this.#path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
  }

  report(): void {
    const nodes = nodesOn(this.#root, this.#path);
    if (nodes.some((node) => node.kind === 'broken' || (node.kind === 'scalar' && hasPlaceholder(node.value)))) return;
    const node = nodeAt(this.#root, this.#path);
    if (this.#issue.code === 'unrecognized_keys') for (const key of this.#issue.keys) this.#reportUnknownKey(key);
    else if (node === undefined) this.#reportMissing();
    else this.#reportValue(node);
  }

  #reportUnknownKey(key: string): void {
    const parent = nodeAt(this.#root, this.#path);
    const location = parent?.kind === 'map' ? (parent.entries.get(key)?.keyLocation ?? parent.location) : undefined;
    const place = location ?? locate(this.#root, this.#path);
    const older = findOlderKey(this.#fullPath, key);
    if (older !== undefined) {
      this.#reportOlder(older, `"${key}" in ${formatPath(this.#fullPath)}`, place);
      return;
    }
    const schema = schemaAt(this.#schema, this.#root, this.#path);
    const known = schema === undefined ? [] : (keysOf(schema, parent) ?? []);
    this.#add(
      'config-unknown-key',
      `Unknown key "${key}" in ${formatPath(this.#fullPath)}`,
      suggestName(key, known),
      place,
    );
  }

  #reportMissing(): void {
    const parentPath = this.#fullPath.slice(0, -1);
    const parent = nodeAt(this.#root, this.#path.slice(0, -1));
    const key = String(this.#path.at(-1));
    const present = parent?.kind === 'map' ? [...parent.entries.keys()] : [];
    if (isReplaced(parentPath, key, present)) return;
    const isDefinition = parentPath.length === 3 && parentPath[0] === 'tasks' && parentPath[2] === 'definition';
    if (isDefinition && key === 'solver') {
      this.#addNotBuilt('B', `A task without "solver", which evaluates its dataset, in ${formatPath(parentPath)}`);
      return;
    }
    // Such a task may leave its dataset out; that it has no solver is said already.
    if (isDefinition && key === 'dataset' && !present.includes('solver')) return;
    if (this.#issue.code === 'custom') {
      this.#add('config-invalid', `${formatPath(this.#fullPath)} is left out${this.#allowed()}`, undefined);
      return;
    }
    const near = findNearestName(key, present);
    this.#add(
      'config-invalid',
      `"${key}" is missing in ${formatPath(parentPath)}${this.#allowed()}`,
      near === undefined ? undefined : `Is "${near}" meant to be "${key}"?`,
    );
  }

  #reportValue(node: ConfigNode): void {
    const schema = schemaAt(this.#schema, this.#root, this.#path);
    const marks = schema === undefined ? {} : marksOf(schema);
    const name = formatPath(this.#fullPath);
    if (marks.notBuiltYet !== undefined) {
      const parent = nodeAt(this.#root, this.#path.slice(0, -1));
      const key = String(this.#path.at(-1));
      const location = parent?.kind === 'map' ? parent.entries.get(key)?.keyLocation : undefined;
      this.#addNotBuilt(marks.notBuiltYet, `"${name}"`, location ?? node.location);
      return;
    }
    const value = node.kind === 'scalar' ? node.value : undefined;
    if (typeof value === 'string') {
      const older = findOlderValue(this.#fullPath, value);
      const release = this.#findNotBuiltType(value);
      if (older !== undefined) {
        this.#reportOlder(older, `"${value}" as ${name}`, node.location);
        return;
      }
      if (release !== undefined) {
        this.#addNotBuilt(release, `"${value}" as ${name}`);
        return;
      }
    }
    const choices = this.#choices();
    const found = describeFound(node, this.#fullPath);
    this.#add('config-invalid', `${name} is ${found}${this.#allowed()}`, this.#hint(node, schema, choices));
  }

  /** `; allowed: …`, or nothing where nothing is known. */
  #allowed(): string {
    const issue = this.#issue;
    const schema = schemaAt(this.#schema, this.#root, this.#path);
    const choices = this.#choices();
    if (choices.length > 0) return `; allowed: ${listChoices(choices)}`;
    if (issue.code === 'too_small') {
      const relation = issue.inclusive === false ? 'more than' : 'at least';
      return `; allowed: ${this.#bound(issue.origin, relation, issue.minimum)}`;
    }
    if (issue.code === 'too_big') {
      const relation = issue.inclusive === false ? 'less than' : 'at most';
      return `; allowed: ${this.#bound(issue.origin, relation, issue.maximum)}`;
    }
    if (issue.code === 'custom') return `; allowed: ${issue.message}`;
    if (issue.code === 'invalid_format') {
      return `; allowed: ${issue.format === 'url' ? 'an http or https address' : issue.message}`;
    }
    return schema === undefined ? '' : `; allowed: ${describeSchema(schema)}`;
  }

  #bound(origin: string, relation: string, limit: number | bigint): string {
    if (origin === 'string')
      return limit === 1 && relation === 'at least'
        ? 'text that is not empty'
        : `text of ${relation} ${limit} characters`;
    if (origin === 'array') return `a list of ${relation} ${limit}`;
    return `${relation} ${limit}`;
  }

  /** Values that are possible at the place, where they can be listed. */
  #choices(): readonly string[] {
    if (this.#issue.code === 'invalid_value') return this.#issue.values.map(String);
    if (this.#issue.code !== 'invalid_union' || !('discriminator' in this.#issue)) return [];
    const union = schemaAt(this.#schema, this.#root, this.#path.slice(0, -1));
    const inner = union === undefined ? undefined : unwrap(union);
    if (!(inner instanceof z.ZodDiscriminatedUnion)) return [];
    const name = inner._zod.def.discriminator;
    return inner.options.flatMap((option) =>
      [...(option._zod.propValues?.[name] ?? [])].filter((value) => value !== undefined).map(String),
    );
  }

  #findNotBuiltType(value: string): Release | undefined {
    const places = [this.#path, ...(this.#issue.code === 'invalid_union' ? [this.#path.slice(0, -1)] : [])];
    for (const path of places) {
      const schema = schemaAt(this.#schema, this.#root, path);
      const types = schema === undefined ? undefined : marksOf(schema).notBuiltTypes;
      if (types !== undefined && Object.hasOwn(types, value)) return types[value];
    }
    return undefined;
  }

  #hint(node: ConfigNode, schema: Schema | undefined, choices: readonly string[]): string | undefined {
    if (node.kind !== 'scalar') return undefined;
    if (typeof node.value === 'number' || typeof node.value === 'boolean') {
      const takesText = schema !== undefined && unwrap(schema) instanceof z.ZodString;
      return takesText ? 'Put quotes around it.' : undefined;
    }
    if (typeof node.value !== 'string') return undefined;
    if (choices.length > 0) {
      const nearest = findNearestName(node.value, choices);
      return nearest === undefined ? undefined : `Did you mean "${nearest}"?`;
    }
    if (schema === undefined) return undefined;
    const inner = unwrap(schema);
    if (!(inner instanceof z.ZodBoolean || inner instanceof z.ZodNumber)) return undefined;
    if (node.isExpanded) return 'What comes from the environment is text; write the value, or give it with --set.';
    if (inner instanceof z.ZodBoolean) return 'Write true or false, without quotes.';
    return Number.isFinite(Number(node.value)) && node.value.trim() !== '' ? 'Remove the quotes.' : undefined;
  }

  #reportOlder({ release, hint }: OlderSpelling, what: string, location: ConfigNode['location']): void {
    const message =
      release === undefined ? `${what} is no longer accepted` : `${what} is an older spelling, which is not read yet`;
    this.#add('not-built-yet', message, hint, location);
  }

  #addNotBuilt(release: Release, what: string, location?: ConfigNode['location']): void {
    const when = release === 'B' ? 'the second release' : 'a later release';
    this.#add('not-built-yet', `${what} is not built yet; it comes with ${when} [${release}]`, undefined, location);
  }

  #add(code: ErrorCode, message: string, hint: string | undefined, location?: ConfigNode['location']): void {
    const isSubstituted = nodesOn(this.#root, this.#path).some((node) => node.isSubstituted);
    const suffix = isSubstituted ? (this.#place.suffix ?? '') : '';
    this.#place.problems.add(code, `${message}${suffix}.`, location ?? locate(this.#root, this.#path), hint);
  }

  get #fullPath(): ConfigPath {
    return [...this.#place.path, ...this.#path];
  }
}
