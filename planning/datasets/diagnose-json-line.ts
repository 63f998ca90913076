import { isExactNumber } from './scan-json-line.ts';

/** What is wrong with a line; `column` counts from 1, `field` is a path such as `usage.tokens` or `scores[2]`. */
export type JsonLineFault =
  | { readonly kind: 'syntax'; readonly column: number; readonly expected: string }
  | { readonly kind: 'number'; readonly column: number; readonly field: string; readonly literal: string }
  | { readonly kind: 'duplicate'; readonly column: number; readonly field: string };

/**
 * Finds the first fault of a line that `JSON.parse` refused or a scan found fault with; undefined if there is none to name.
 *
 * Slow and careful, since it runs once, on the way to an error. It reads JSON, and beyond that `NaN` and `Infinity`
 * (which Python writes), so that they are reported as numbers with their field.
 */
export function diagnoseJsonLine(line: string): JsonLineFault | undefined {
  try {
    const reader = new FaultReader(line);
    reader.readDocument();
    return undefined;
  } catch (error) {
    if (error instanceof FaultFound) return error.fault;
    // Nested so deeply that the stack ran out: no fault to name.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

class FaultFound extends Error {
  readonly fault: JsonLineFault;

  constructor(fault: JsonLineFault) {
    super(fault.kind);
    this.fault = fault;
  }
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const notFinitePattern = /NaN|[+-]?Infinity|-NaN/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids bare control characters in texts
const textPattern = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const wordPattern = /true|false|null/y;
const spacePattern = /[ \t\r\n]*/y;
const plainNamePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/;

class FaultReader {
  readonly #line: string;
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  readDocument(): void {
    this.#skipSpace();
    this.#readValue();
    if (this.#at < this.#line.length) this.#failSyntax('the end of the line');
  }

  #readValue(): void {
    const next = this.#line[this.#at];
    if (next === '{') this.#readObject();
    else if (next === '[') this.#readList();
    else if (next === '"') this.#readText('a text');
    else if (this.#match(wordPattern) === undefined) this.#readNumber();
    this.#skipSpace();
  }

  #readObject(): void {
    const names = new Set<string>();
    this.#step('{', '{');
    if (this.#take('}')) return;
    do {
      const column = this.#at + 1;
      const name = JSON.parse(this.#readText('a name in double quotes')) as string;
      this.#path.push(name);
      if (names.has(name)) throw new FaultFound({ kind: 'duplicate', column, field: this.#describePath() });
      names.add(name);
      this.#skipSpace();
      this.#step(':', '":"');
      this.#readValue();
      this.#path.pop();
    } while (this.#take(','));
    this.#step('}', '"," or "}"');
  }

  #readList(): void {
    this.#step('[', '[');
    if (this.#take(']')) return;
    let index = 0;
    do {
      this.#path.push(index++);
      this.#readValue();
      this.#path.pop();
    } while (this.#take(','));
    this.#step(']', '"," or "]"');
  }

  #readText(expected: string): string {
    return this.#match(textPattern) ?? this.#failSyntax(expected);
  }

  #readNumber(): void {
    const column = this.#at + 1;
    const literal = this.#match(notFinitePattern) ?? this.#match(numberPattern) ?? this.#failSyntax('a value');
    if (!isExactNumber(literal)) {
      throw new FaultFound({ kind: 'number', column, field: this.#describePath(), literal });
    }
  }

  #take(character: string): boolean {
    if (this.#line[this.#at] !== character) return false;
    this.#at += 1;
    this.#skipSpace();
    return true;
  }

  #step(character: string, expected: string): void {
    if (!this.#take(character)) this.#failSyntax(expected);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#line)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skipSpace(): void {
    this.#match(spacePattern);
  }

  #failSyntax(expected: string): never {
    throw new FaultFound({ kind: 'syntax', column: this.#at + 1, expected });
  }

  #describePath(): string {
    return describeFieldPath(this.#path);
  }
}

/** A field as people write it: `usage.tokens`, `scores[2]`, `["odd name"]`. */
export function describeFieldPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!plainNamePattern.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}
