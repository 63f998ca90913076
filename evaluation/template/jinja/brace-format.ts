import { RenderFault } from './faults.ts';
import { formatSpecified } from './format-specification.ts';
import { toRepresentation, toText } from './printing.ts';
import { demand, describeType, getFromMapping, isList, isMapping, type Keywords, NativeObject } from './values.ts';

/** Python's `text.format(…)`: `{}`, `{0}`, `{name.member[key]}`, `!r`, and a specification after the colon. */
export function formatBraces(text: string, positional: readonly unknown[], keywords: Keywords): string {
  return new BraceFormat(positional, keywords).format(text, 2);
}

class BraceFormat {
  readonly #positional: readonly unknown[];
  readonly #keywords: Keywords;
  #next = 0;
  #numbering: 'automatic' | 'manual' | undefined;

  constructor(positional: readonly unknown[], keywords: Keywords) {
    this.#positional = positional;
    this.#keywords = keywords;
  }

  /** @param depth - A specification may hold fields of its own, whose specification may not. */
  format(text: string, depth: number): string {
    if (depth === 0) throw new RenderFault('the fields of a format are nested too deeply');
    let written = '';
    let position = 0;
    while (position < text.length) {
      const character = text.charAt(position);
      if ((character === '{' || character === '}') && text.charAt(position + 1) === character) {
        written += character;
        position += 2;
      } else if (character === '{') {
        const end = findEnd(text, position);
        written += this.#formatField(text.slice(position + 1, end), depth);
        position = end + 1;
      } else if (character === '}') {
        throw new RenderFault('the format has a "}" without "{"; write "}}" for the character');
      } else {
        written += character;
        position += 1;
      }
    }
    return written;
  }

  #formatField(field: string, depth: number): string {
    const [, name = '', conversion, specification = ''] =
      /^((?:[^[:!]|\[[^\]]*\])*)(?:!(.))?(?::(.*))?$/su.exec(field) ?? [];
    if (name === '' && field !== '' && !/^[:!]/.test(field))
      throw new RenderFault('a field of the format cannot be read');
    const value = this.#findValue(name);
    const read = /[{}]/.test(specification) ? this.format(specification, depth - 1) : specification;
    return formatSpecified(convert(value, conversion), read);
  }

  #findValue(path: string): unknown {
    const [, first = ''] = /^([^.[]*)/.exec(path) ?? [];
    let value = this.#findFirst(first);
    for (const [, attribute, key] of path.slice(first.length).matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
      value = attribute === undefined ? getKey(value, key ?? '') : getMember(value, attribute);
    }
    return demand(value);
  }

  #findFirst(first: string): unknown {
    if (first !== '' && !/^\d+$/.test(first)) {
      if (this.#keywords.has(first)) return demand(this.#keywords.get(first));
      throw new RenderFault('the format has a name that is not among the values');
    }
    const numbering = first === '' ? 'automatic' : 'manual';
    this.#numbering ??= numbering;
    if (this.#numbering !== numbering) throw new RenderFault('the format mixes "{}" and numbered fields');
    const index = first === '' ? this.#next++ : Number(first);
    if (index >= this.#positional.length) throw new RenderFault('the format has more places than there are values');
    return demand(this.#positional[index]);
  }
}

// Fields reach data and members, never methods: a format cannot call them.
function getMember(value: unknown, name: string): unknown {
  const member = value instanceof NativeObject ? value.getMember(name) : undefined;
  if (member === undefined)
    throw new RenderFault(`the format asks ${describeType(demand(value))} for something it does not have`);
  return member;
}

function getKey(value: unknown, key: string): unknown {
  const index = /^\d+$/.test(key) ? Number(key) : key;
  const found =
    isList(value) && typeof index === 'number'
      ? value[index]
      : isMapping(value)
        ? getFromMapping(value, index)
        : undefined;
  if (found === undefined)
    throw new RenderFault(`the format asks ${describeType(demand(value))} for something it does not have`);
  return found;
}

function findEnd(text: string, start: number): number {
  let depth = 0;
  for (let position = start; position < text.length; position += 1) {
    if (text.charAt(position) === '{') depth += 1;
    else if (text.charAt(position) === '}') depth -= 1;
    if (depth === 0) return position;
  }
  throw new RenderFault('the format has a "{" without "}"; write "{{" for the character');
}

function convert(value: unknown, conversion: string | undefined): unknown {
  if (conversion === undefined) return value;
  if (conversion === 's') return toText(value);
  if (conversion === 'r' || conversion === 'a') return toRepresentation(value);
  throw new RenderFault('the format has an unknown conversion');
}
