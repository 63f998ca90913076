import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { JsonValue } from '../contracts/json.ts';
import { resolveTextEscapes } from './text-escapes.ts';

/**
 * The value of a Python literal: text, numbers, `True`, `False`, `None`, and lists, tuples and mappings of them. A tuple
 * becomes a list; keys of mappings become text.
 *
 * @throws {EvaluationError} `scorer-failed`, with the position but without the text, which is row content.
 */
export function parsePythonLiteral(text: string): JsonValue {
  const reader = new LiteralReader(text);
  try {
    return reader.read();
  } catch (error) {
    // Brackets nested by the thousand.
    if (error instanceof RangeError) throw reader.makeError();
    throw error;
  }
}

const blanks = /(?:\s|#.*|\\\n)*/y;
const text =
  /([rRuU]?)(?:'''((?:[^\\]|\\[\s\S])*?)'''|"""((?:[^\\]|\\[\s\S])*?)"""|'((?:[^'\\\n]|\\[\s\S])*)'|"((?:[^"\\\n]|\\[\s\S])*)")/y;
const decimal = /(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?(?![\w.])/y;
const based = /0(?:[xX](?:_?[\da-fA-F])+|[oO](?:_?[0-7])+|[bB](?:_?[01])+)(?!\w)/y;
const word = /(?:True|False|None)(?!\w)/y;
const words: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
]);

class LiteralReader {
  readonly #text: string;
  #position = 0;

  constructor(literal: string) {
    this.#text = literal;
  }

  read(): JsonValue {
    const value = this.#readValue();
    if (this.#position < this.#text.length) throw this.makeError();
    return value;
  }

  makeError(): EvaluationError {
    return new EvaluationError(
      'scorer-failed',
      `The text is not a Python literal; it cannot be read from character ${this.#position + 1} on.`,
    );
  }

  #readValue(): JsonValue {
    this.#match(blanks);
    const value = this.#readBare();
    this.#match(blanks);
    return value;
  }

  #readBare(): JsonValue {
    const constant = this.#match(word);
    if (constant !== undefined) return words.get(constant[0]) ?? null;
    const literal = this.#readText();
    if (literal !== undefined) return literal;
    if (this.#skip('[')) return this.#readItems(']').items;
    if (this.#skip('{')) return this.#readMapping();
    if (this.#skip('(')) {
      const { items, hasComma } = this.#readItems(')');
      const [only] = items;
      return items.length === 1 && !hasComma && only !== undefined ? only : items;
    }
    return this.#readNumber();
  }

  /** Texts that stand side by side are one. */
  #readText(): string | undefined {
    let joined: string | undefined;
    for (let match = this.#match(text); match !== undefined; match = this.#match(text)) {
      const content = match[2] ?? match[3] ?? match[4] ?? match[5] ?? '';
      joined = (joined ?? '') + (/r/i.test(match[1] ?? '') ? content : resolveTextEscapes(content));
      this.#match(blanks);
    }
    return joined;
  }

  #readNumber(): number {
    let sign = 1;
    while (this.#peek() === '-' || this.#peek() === '+') {
      if (this.#peek() === '-') sign = -sign;
      this.#position += 1;
      this.#match(blanks);
    }
    const start = this.#position;
    const digits = (this.#match(based) ?? this.#match(decimal))?.[0].replaceAll('_', '');
    const value = Number(digits ?? Number.NaN);
    const isUnsafe = Number.isInteger(value) && !Number.isSafeInteger(value) && !/[.eE]/.test(digits ?? '');
    // Python refuses a zero in front of other digits.
    if (!Number.isFinite(value) || isUnsafe || /^0+[1-9]\d*$/.test(digits ?? '')) {
      this.#position = start;
      throw this.makeError();
    }
    return sign * value + 0;
  }

  #readItems(closing: string): { readonly items: JsonValue[]; readonly hasComma: boolean } {
    const items: JsonValue[] = [];
    let hasComma = false;
    this.#match(blanks);
    while (!this.#skip(closing)) {
      items.push(this.#readValue());
      if (this.#skip(closing)) return { items, hasComma };
      this.#expect(',');
      hasComma = true;
      this.#match(blanks);
    }
    return { items, hasComma };
  }

  #readMapping(): JsonValue {
    const entries: [string, JsonValue][] = [];
    this.#match(blanks);
    while (!this.#skip('}')) {
      const start = this.#position;
      const key = this.#readValue();
      if (typeof key === 'object' && key !== null) {
        this.#position = start;
        throw this.makeError();
      }
      this.#expect(':');
      entries.push([String(key), this.#readValue()]);
      if (this.#skip('}')) break;
      this.#expect(',');
      this.#match(blanks);
    }
    return Object.fromEntries(entries);
  }

  #peek(): string {
    return this.#text.charAt(this.#position);
  }

  #skip(character: string): boolean {
    const isThere = this.#peek() === character;
    if (isThere) this.#position += 1;
    return isThere;
  }

  #expect(character: string): void {
    if (!this.#skip(character)) throw this.makeError();
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#position = pattern.lastIndex;
    return match;
  }
}
