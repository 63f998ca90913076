import { distance } from 'fastest-levenshtein';
import type { JsonValue } from '../../contracts/json.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import {
  type ConfigNode,
  type ConfigPath,
  formatPath,
  fromValue,
  mapChildren,
  type ScalarNode,
  visitScalars,
} from './config-node.ts';
import type { Problems } from './problems.ts';

const anyPlaceholder = /<<\s*([A-Za-z0-9_-]+)\s*\.\s*([A-Za-z0-9_-]+)\s*>>/g;

/** One `<< config.NAME >>` or `<< secrets.NAME >>` in a text. */
export interface PlaceholderMatch {
  readonly word: string;
  readonly name: string;
  readonly text: string;
  /** Whether the text holds nothing else. */
  readonly isAlone: boolean;
}

/** Everything in a text that has the form of a placeholder, misspelled ones included. */
export function findPlaceholders(text: string): readonly PlaceholderMatch[] {
  return [...text.matchAll(anyPlaceholder)].map(([match, word = '', name = '']) => ({
    word,
    name,
    text: match,
    isAlone: match === text,
  }));
}

/** Whether a value still waits for a parameter. */
export function hasPlaceholder(value: unknown): boolean {
  return typeof value === 'string' && findPlaceholders(value).some(({ word }) => word === 'config');
}

/** A declared parameter's value; `isBroken` after an error about it has been reported. */
export type ParameterValue = { readonly value: JsonValue } | { readonly isBroken: true };

/** What `<< config.NAME >>` may name at a place, with the values. */
export type Scope = ReadonlyMap<string, ParameterValue>;

/** Puts values in place of placeholders (format 3.2). A name that is unknown, or whose value is broken, makes a broken node. */
export function substitute(node: ConfigNode, scope: Scope): ConfigNode {
  if (node.kind !== 'scalar') return mapChildren(node, (child) => substitute(child, scope));
  const { value: text } = node;
  if (typeof text !== 'string' || !hasPlaceholder(text)) return node;
  const found = findPlaceholders(text).filter(({ word }) => word === 'config');
  const values = new Map<string, JsonValue>();
  const place = {
    directory: node.directory,
    isSubstituted: true,
    ...(node.location === undefined ? {} : { location: node.location }),
  };
  for (const { name, isAlone } of found) {
    const parameter = scope.get(name);
    if (parameter === undefined || 'isBroken' in parameter) return { ...place, kind: 'broken' };
    if (isAlone) return fromValue(parameter.value, place);
    values.set(name, parameter.value);
  }
  const filled = text.replace(anyPlaceholder, (match, word: string, name: string) => {
    const value = values.get(name);
    return word === 'config' && value !== undefined ? toText(value) : match;
  });
  return { ...place, kind: 'scalar', value: filled };
}

/** A value inside longer text: text verbatim, everything else as compact JSON. */
function toText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Names and spelling of the placeholders below a node.
 *
 * @param known - Parameters that may be named; undefined where no placeholder can stand.
 */
export function checkPlaceholders(
  node: ConfigNode,
  options: { readonly path: ConfigPath; readonly known: readonly string[] | undefined; readonly problems: Problems },
): void {
  const { path, known, problems } = options;
  visitScalars(
    node,
    (scalar, inner) => {
      if (typeof scalar.value !== 'string') return;
      for (const match of findPlaceholders(scalar.value)) checkOne(match, scalar, inner);
    },
    path,
  );

  function checkOne({ word, name, text }: PlaceholderMatch, { location }: ScalarNode, inner: ConfigPath): void {
    if (word === 'config') {
      if (known === undefined) {
        if (inner.some((segment) => wordsForPeople.has(segment))) return;
        problems.add(
          'config-invalid',
          `${text} has no value in ${formatPath(inner)}.`,
          location,
          'Placeholders stand in tasks and in the evaluation; write the value here.',
        );
      } else if (!known.includes(name)) {
        problems.add(
          'config-unknown-name',
          `${text} in ${formatPath(inner)} names no parameter of config_spec.`,
          location,
          suggestName(name, known) ?? 'Declare it in config_spec.',
        );
      }
    } else if (word !== 'secrets') {
      const meant = ['config', 'secrets'].find((right) => distance(word, right) <= 2);
      if (meant === undefined) return;
      problems.add(
        'config-unknown-name',
        `${text} in ${formatPath(inner)} names neither config nor secrets.`,
        location,
        `Did you mean "<< ${meant}.${name} >>"?`,
      );
    }
  }
}

/** Texts that nothing is computed from, in which a placeholder may be talked about. */
const wordsForPeople: ReadonlySet<string | number> = new Set([
  'display_name',
  'description',
  'long_description',
  'examples',
]);
