import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { SourceLocation } from '../../contracts/evaluation-error.ts';
import type { ConfigNode, MapEntry, ScalarNode } from './config-node.ts';
import { looksLikeCredential } from './describe.ts';
import type { Problems } from './problems.ts';

export interface YamlSource {
  readonly text: string;
  /** As problems name the file. */
  readonly displayName: string;
  readonly directory: string;
  /** Text of an included file; undefined after a problem has been reported. */
  readonly include: (file: string, location: SourceLocation) => string | undefined;
}

/** Nodes that aliases may stand for before a file counts as an attack on memory. */
const maxExpandedNodes = 10_000_000;

/**
 * A YAML 1.2 document (core schema) → nodes with their places. Knows anchors, aliases, merge keys and `!include`; what is
 * wrong goes to `problems`.
 *
 * @returns undefined where the syntax is broken, so that nothing can be said about the content.
 */
export function parseYaml(source: YamlSource, problems: Problems): ConfigNode | undefined {
  const lines = new LineCounter();
  const documents = parseAllDocuments(source.text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    // Own handling: the library names one line of a duplicate, and takes merged keys for own ones.
    merge: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'silent',
    customTags: [{ tag: '!include', resolve: (text: string) => text }],
  });
  const [document, second] = documents;
  const place = (offset: number): SourceLocation => {
    const { line, col } = lines.linePos(offset);
    return { file: source.displayName, line, column: col };
  };
  if (document === undefined || !Array.isArray(documents) || isEmpty(document.contents)) {
    problems.add('config-yaml', `${source.displayName} is empty.`, { file: source.displayName });
    return undefined;
  }
  if (second !== undefined) {
    const start = second.contents?.range?.[0] ?? second.range[0];
    problems.add(
      'config-yaml',
      'A file holds one YAML document; a second one starts here.',
      place(start),
      'Remove the "---" line, or put the second document into a file of its own.',
    );
  }
  reportSyntaxErrors(documents, source.text, place, problems);
  if (documents.some(({ errors }) => errors.length > 0) || second !== undefined) return undefined;
  for (const warning of document.warnings) {
    if (warning.code === 'TAG_RESOLVE_FAILED')
      problems.add(
        'config-yaml',
        `${warning.message}.`,
        place(warning.pos[0]),
        'The only tag is !include, on a scalar.',
      );
    else problems.warn(warning.message, place(warning.pos[0]));
  }
  return new Converter(source, place, problems).convert(document.contents);
}

function isEmpty(contents: Node | null): boolean {
  return contents === null || (isScalar(contents) && contents.value === null && (contents.source ?? '') === '');
}

function reportSyntaxErrors(
  documents: readonly Document[],
  text: string,
  place: (offset: number) => SourceLocation,
  problems: Problems,
): void {
  const seen = new Set<number>();
  for (const document of documents) {
    for (const { message, pos } of document.errors) {
      const location = place(findStart(document, pos[0]));
      const line = location.line ?? 1;
      // One mistake makes several errors in its line.
      if (seen.has(line)) continue;
      seen.add(line);
      const isJinja = text.split('\n')[line - 1]?.includes('{{');
      const hint = isJinja ? 'Put quotes around text that starts with "{{".' : undefined;
      problems.add('config-yaml', `YAML: ${message}.`, location, hint);
    }
  }
}

/** What is wrong with a quoted text is said where it starts: a quote that nothing closes ends with the file. */
function findStart(document: Document, offset: number): number {
  let start = offset;
  visit(document, {
    Scalar(_, { type, range }) {
      if ((type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') && range && range[0] < offset && range[1] >= offset)
        start = range[0];
    },
  });
  return start;
}

class Converter {
  readonly #source: YamlSource;
  readonly #place: (offset: number) => SourceLocation;
  readonly #problems: Problems;
  readonly #anchors = new Map<string, ConfigNode>();
  readonly #sizes = new Map<ConfigNode, number>();
  /** Whether the scalar at hand may be a credential, which no message repeats. */
  #isPrivate = false;

  constructor(source: YamlSource, place: (offset: number) => SourceLocation, problems: Problems) {
    this.#source = source;
    this.#place = place;
    this.#problems = problems;
  }

  convert(
    node: Node | null,
    fallback: SourceLocation = { file: this.#source.displayName, line: 1, column: 1 },
  ): ConfigNode {
    const location = node?.range ? this.#place(node.range[0]) : fallback;
    if (isAlias(node)) return this.#resolveAlias(node, location);
    const converted = this.#convertContent(node, location);
    if (node !== null && 'anchor' in node && typeof node.anchor === 'string') this.#anchors.set(node.anchor, converted);
    return converted;
  }

  #convertContent(node: Node | null, location: SourceLocation): ConfigNode {
    const base = { location, directory: this.#source.directory };
    if (isSeq<Node>(node)) {
      const items = node.items.map((item) => this.convert(item, location));
      return this.#measure({ ...base, kind: 'list', items }, items);
    }
    if (isMap<Node, Node | null>(node)) {
      const entries = this.#convertPairs(node, location);
      return this.#measure(
        { ...base, kind: 'map', entries },
        [...entries.values()].map(({ value }) => value),
      );
    }
    if (isScalar(node)) return this.#convertScalar(node, location);
    return { ...base, kind: 'scalar', value: null };
  }

  #convertPairs(map: YAMLMap<Node, Node | null>, mapLocation: SourceLocation): Map<string, MapEntry> {
    const own = new Map<string, MapEntry>();
    const merged = new Map<string, MapEntry>();
    for (const pair of map.items) {
      const keyLocation = pair.key?.range ? this.#place(pair.key.range[0]) : mapLocation;
      if (isMergeKey(pair)) {
        this.#merge(this.convert(pair.value, keyLocation), keyLocation, merged);
        continue;
      }
      const key = this.#keyText(pair.key, keyLocation);
      this.#isPrivate = key !== undefined && looksLikeCredential(key);
      const value = this.convert(pair.value, keyLocation);
      this.#isPrivate = false;
      if (key === undefined) continue;
      const first = own.get(key);
      if (first === undefined) own.set(key, { keyLocation, value });
      else {
        this.#problems.add(
          'config-duplicate-key',
          `Key ${JSON.stringify(key)} stands twice in one mapping: in line ${first.keyLocation?.line} and in line ${keyLocation.line}.`,
          keyLocation,
          'Remove one of them.',
        );
      }
    }
    for (const [key, entry] of merged) if (!own.has(key)) own.set(key, entry);
    return own;
  }

  /** Merge keys (`<<`): what is there already stays. */
  #merge(source: ConfigNode, location: SourceLocation, merged: Map<string, MapEntry>): void {
    const maps = source.kind === 'list' ? source.items : [source];
    for (const map of maps) {
      if (map.kind === 'map') for (const [key, entry] of map.entries) if (!merged.has(key)) merged.set(key, entry);
      if (map.kind === 'scalar' || map.kind === 'list') {
        this.#problems.add('config-yaml', 'A merge key (<<) takes a mapping, or a list of mappings.', location);
      }
    }
  }

  #keyText(key: Node | null, location: SourceLocation): string | undefined {
    const node = isAlias(key) ? this.#resolveAlias(key, location) : key;
    if (isScalar(node)) {
      if (typeof node.value === 'string') return node.value;
      if (node.source) return node.source;
    } else if (node !== null && 'kind' in node && node.kind === 'scalar') return String(node.value);
    else if (node !== null && 'kind' in node && node.kind === 'broken') return undefined;
    this.#problems.add(
      'config-yaml',
      'A key of a mapping is text.',
      location,
      'A value that starts with "{{" or "[" needs quotes around it.',
    );
    return undefined;
  }

  #convertScalar(node: Scalar, location: SourceLocation): ConfigNode {
    const base = { location, directory: this.#source.directory };
    if (node.tag === '!include') {
      const text = this.#source.include(String(node.value), location);
      return text === undefined
        ? { ...base, kind: 'broken' }
        : { ...base, kind: 'scalar', value: text, isIncluded: true };
    }
    const { value } = node;
    if (typeof value === 'number' && !isExact(value, node.source ?? '')) {
      this.#problems.add(
        'config-yaml',
        `The number${this.#isPrivate ? '' : ` ${node.source}`} is beyond what a number can hold exactly.`,
        location,
        'Put quotes around it to have it as text.',
      );
      return { ...base, kind: 'broken' };
    }
    if (typeof value === 'string') {
      if (/^!include\s/.test(value)) {
        this.#problems.warn('"!include" within quotes is text; without them the file is included.', location);
      }
      return { ...base, kind: 'scalar', value, ...(node.type === Scalar.PLAIN ? { isPlain: true } : {}) };
    }
    const plain: ScalarNode['value'] =
      typeof value === 'number' ? value + 0 : value === true || value === false ? value : null;
    return { ...base, kind: 'scalar', value: plain };
  }

  #resolveAlias(alias: Alias, location: SourceLocation): ConfigNode {
    const target = this.#anchors.get(alias.source);
    if (target !== undefined) return target;
    this.#problems.add(
      'config-yaml',
      `No anchor "&${alias.source}" stands before the alias "*${alias.source}".`,
      location,
    );
    return { location, directory: this.#source.directory, kind: 'broken' };
  }

  #measure(node: ConfigNode, children: readonly ConfigNode[]): ConfigNode {
    const size = children.reduce((sum, child) => sum + (this.#sizes.get(child) ?? 1), 1);
    this.#sizes.set(node, size);
    if (size <= maxExpandedNodes) return node;
    this.#problems.add('config-yaml', 'Its aliases make this file too large to be read.', node.location);
    this.#sizes.set(node, 1);
    return {
      directory: node.directory,
      kind: 'broken',
      ...(node.location === undefined ? {} : { location: node.location }),
    };
  }
}

function isMergeKey(pair: Pair<Node, Node | null>): boolean {
  return isScalar(pair.key) && pair.key.type === Scalar.PLAIN && pair.key.value === '<<';
}

/** Whether a number says what its digits say: whole ones within ±(2^53 − 1), no overflow, no NaN. */
function isExact(value: number, digits: string): boolean {
  if (!Number.isFinite(value)) return false;
  return !/^[-+]?(?:[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/.test(digits) || Number.isSafeInteger(value);
}
