import { findNearestName } from '../../nearest-name.ts';
import type { TemplateNames } from '../template.ts';
import { copyData } from './copy-data.ts';
import { RenderFault } from './faults.ts';
import { globals } from './globals.ts';
import { isMapping, LazyValue, Undefined } from './values.ts';

/** A template is data, and data must not hold a worker for ever: loops end after this many rounds in all. */
const mostRounds = 5_000_000;

/** What one rendering needs: the names it was given, and how much it has done. */
export class Rendering {
  readonly #names: TemplateNames;
  readonly #copies: Map<string, unknown> | undefined;
  #rounds = 0;

  /** @param changesData - Whether the template may change lists or mappings; it then gets copies of the row's. */
  constructor(names: TemplateNames, changesData: boolean) {
    this.#names = names;
    this.#copies = changesData ? new Map() : undefined;
  }

  /** The value of a name that no statement has set; `undefined` if there is none. */
  find(name: string): unknown {
    const given = Object.hasOwn(this.#names, name) ? this.#names[name] : undefined;
    const value = given instanceof LazyValue ? given.value : given;
    if (value === undefined) return globals.get(name);
    if (this.#copies === undefined) return value;
    let copy = this.#copies.get(name);
    if (copy === undefined) {
      copy = copyData(value);
      this.#copies.set(name, copy);
    }
    return copy;
  }

  listNames(): string[] {
    return [...Object.keys(this.#names), ...globals.keys()];
  }

  countRound(): void {
    this.#rounds += 1;
    if (this.#rounds > mostRounds)
      throw new RenderFault(`the loops of the template take more than ${mostRounds} rounds`);
  }
}

/** Variables that statements have set, inside those around them. */
export class Scope {
  readonly rendering: Rendering;
  readonly #parent: Scope | undefined;
  #variables: Map<string, unknown> | undefined;

  constructor(rendering: Rendering, parent?: Scope) {
    this.rendering = rendering;
    this.#parent = parent;
  }

  inner(): Scope {
    return new Scope(this.rendering, this);
  }

  /** The outermost scope: what the template sets outside of every loop and block. */
  get root(): Scope {
    return this.#parent === undefined ? this : this.#parent.root;
  }

  set(name: string, value: unknown): void {
    this.#variables ??= new Map();
    this.#variables.set(name, value);
  }

  /** The value of a name, or an Undefined that knows the nearest one. */
  get(name: string): unknown {
    const value = this.#find(name);
    return value === undefined ? new Undefined(name, () => this.#suggest(name)) : value;
  }

  #find(name: string): unknown {
    const value = this.#variables?.get(name);
    if (value !== undefined) return value;
    return this.#parent === undefined ? this.rendering.find(name) : this.#parent.#find(name);
  }

  #suggest(name: string): string | undefined {
    const known = this.#listNames();
    const nearest = findNearestName(name, known);
    if (nearest !== undefined) return `Did you mean "${nearest}"?`;
    const sample = this.rendering.find('sample');
    // The commonest slip: a column without its `sample.` in front.
    return isMapping(sample) && !(sample instanceof Map) && Object.hasOwn(sample, name)
      ? `Did you mean "sample.${name}"?`
      : undefined;
  }

  #listNames(): string[] {
    const own = [...(this.#variables?.keys() ?? [])];
    return [...own, ...(this.#parent === undefined ? this.rendering.listNames() : this.#parent.#listNames())];
  }
}
