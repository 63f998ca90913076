import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { SourceLocation } from '../../contracts/evaluation-error.ts';
import { type ConfigNode, type MapEntry, type MapNode, mapChildren } from './config-node.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Problems } from './problems.ts';

export interface LoadContext {
  readonly problems: Problems;
  /** File names in problems are relative to it. */
  readonly workingDirectory: string;
  /** `$VAR` in the name of a referenced file. */
  readonly expand: (text: string, location: SourceLocation | undefined) => string;
}

/** A YAML file with everything it includes and refers to (format 2); undefined when nothing can be said about it. */
export function loadFile(file: string, context: LoadContext): ConfigNode | undefined {
  return new Loader(context).load(path.resolve(context.workingDirectory, file), undefined, []);
}

/** Nodes made without a file, with everything they refer to. */
export function loadNode(node: ConfigNode, context: LoadContext): ConfigNode {
  return new Loader(context).resolve(node, [], false);
}

/** Keys below which `$ref: "#…"` belongs to a JSON Schema. */
const jsonSchemaKeys: ReadonlySet<string | number> = new Set(['schema', 'sample_properties']);

interface OpenFile {
  /** Real path: what makes two names one file. */
  readonly identity: string;
  readonly displayName: string;
}

class Loader {
  readonly #context: LoadContext;
  readonly #parsed = new Map<string, ConfigNode | undefined>();

  constructor(context: LoadContext) {
    this.#context = context;
  }

  load(file: string, from: SourceLocation | undefined, open: readonly OpenFile[]): ConfigNode | undefined {
    const displayName = this.#displayName(file);
    const text = this.#read(file, from);
    if (text === undefined) return undefined;
    const identity = realpathSync(file);
    const start = open.findIndex((other) => other.identity === identity);
    if (start >= 0) {
      const names = [...open.slice(start).map((other) => other.displayName), displayName];
      this.#context.problems.add('config-yaml', `Files refer to each other in a circle: ${names.join(' → ')}.`, from);
      return undefined;
    }
    this.#context.problems.noteFile(displayName);
    if (!this.#parsed.has(file)) this.#parsed.set(file, this.#parse(file, text, displayName));
    const node = this.#parsed.get(file);
    return node === undefined ? undefined : this.resolve(node, [...open, { identity, displayName }], false);
  }

  /** Replaces every mapping with `$ref` by what it refers to. */
  resolve(node: ConfigNode, open: readonly OpenFile[], isJsonSchema: boolean): ConfigNode {
    const withChildren = mapChildren(node, (child, key) =>
      key === '$ref' ? child : this.resolve(child, open, isJsonSchema || jsonSchemaKeys.has(key)),
    );
    if (withChildren.kind !== 'map') return withChildren;
    const reference = withChildren.entries.get('$ref');
    return reference === undefined ? withChildren : this.#refer(withChildren, reference, open, isJsonSchema);
  }

  #refer(
    node: MapNode,
    { keyLocation, value }: MapEntry,
    open: readonly OpenFile[],
    isJsonSchema: boolean,
  ): ConfigNode {
    const { problems, expand } = this.#context;
    const { location = keyLocation } = value;
    const broken: ConfigNode = { ...node, kind: 'broken' };
    if (value.kind === 'broken') return broken;
    if (value.kind !== 'scalar' || typeof value.value !== 'string' || value.value === '') {
      problems.add('config-invalid', '$ref takes the name of a file.', location);
      return broken;
    }
    if (isJsonSchema && value.value.startsWith('#')) return node;
    const name = expand(value.value, location);
    if (name.includes('#') || /^[a-z][a-z0-9+.-]*:\/\//i.test(name)) {
      problems.add(
        'config-invalid',
        '$ref takes the name of a file, no address and no place within a file.',
        location,
        'Put what is meant into a file of its own.',
      );
      return broken;
    }
    const target = this.load(path.resolve(value.directory, name), location, open);
    if (target === undefined || target.kind === 'broken') return broken;
    const siblings = [...node.entries].filter(([key]) => key !== '$ref');
    if (siblings.length === 0) return target;
    if (target.kind !== 'map') {
      problems.add(
        'config-invalid',
        `Beside keys of its own, $ref needs a mapping; ${name} holds a ${target.kind === 'list' ? 'list' : 'single value'}.`,
        location,
        'Remove the keys beside $ref.',
      );
      return broken;
    }
    return { ...node, entries: new Map([...siblings, ...target.entries]) };
  }

  #parse(file: string, text: string, displayName: string): ConfigNode | undefined {
    const directory = path.dirname(file);
    const include = (name: string, location: SourceLocation): string | undefined => {
      if (name.trim() !== '') return this.#read(path.resolve(directory, name), location)?.trim();
      this.#context.problems.add('config-invalid', '!include takes the name of a file.', location);
      return undefined;
    };
    return parseYaml({ text, displayName, directory, include }, this.#context.problems);
  }

  #read(file: string, from: SourceLocation | undefined): string | undefined {
    const displayName = this.#displayName(file);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
    } catch (error) {
      if (error instanceof TypeError) {
        this.#context.problems.add('config-yaml', `${displayName} is not UTF-8 text.`, from ?? { file: displayName });
        return undefined;
      }
      if (!(error instanceof Error && 'code' in error)) throw error;
      const reason =
        error.code === 'ENOENT'
          ? 'does not exist'
          : error.code === 'EISDIR'
            ? 'is a folder'
            : `cannot be read (${String(error.code)})`;
      this.#context.problems.add('config-file-missing', `The file ${displayName} ${reason}.`, from);
      return undefined;
    }
  }

  #displayName(file: string): string {
    const relative = path.relative(this.#context.workingDirectory, file);
    return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
  }
}
