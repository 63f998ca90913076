import { resolveTextEscapes } from '../../text-escapes.ts';
import { stripEnd, whiteSpace } from './characters.ts';
import { SyntaxFault } from './faults.ts';

export type TokenKind =
  | 'data'
  | 'print-begin'
  | 'print-end'
  | 'block-begin'
  | 'block-end'
  | 'name'
  | 'text'
  | 'integer'
  | 'float'
  | 'operator'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Data, name or operator as written; the content of a text with its escapes resolved; digits of a number. */
  readonly value: string;
  readonly line: number;
}

const blank = new RegExp(`[${whiteSpace}]*`, 'y');
const name = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const float = /\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?[eE][+-]?\d+(?:_\d+)*|\d+(?:_\d+)*\.\d+(?:_\d+)*/y;
const integer = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const text = /'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)"/y;
const operator = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y;
const rawBegin = new RegExp(`\\{%[-+]?[${whiteSpace}]*raw[${whiteSpace}]*(-?)%\\}`, 'y');
const rawEnd = new RegExp(`\\{%([-+]?)[${whiteSpace}]*endraw[${whiteSpace}]*([-+]?)%\\}`, 'g');
const opening = /\{[{%#]/g;
const closingOf: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Cuts template source into tokens, applying white space control; line ends become `\n`, one at the end is dropped. */
export function tokenize(source: string): Token[] {
  const normalized = source.replace(/\r\n?/g, '\n');
  return new Lexer(normalized.endsWith('\n') ? normalized.slice(0, -1) : normalized).run();
}

/**
 * Cuts one bare expression, without `{{ }}`, into tokens. Where a template counts lines, an expression counts columns: each
 * `line`, also that of a fault, is the place of a character, from 1.
 */
export function tokenizeExpression(source: string): Token[] {
  return new Lexer(source, 'character').runExpression();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #position = 0;
  #line = 1;
  #counted = 0;
  readonly #counts: 'line' | 'character';

  constructor(source: string, counts: 'line' | 'character' = 'line') {
    this.#source = source;
    this.#counts = counts;
  }

  run(): Token[] {
    while (this.#position < this.#source.length) this.#readData();
    this.#push('end', '');
    return this.#tokens;
  }

  runExpression(): Token[] {
    this.#readCode('print-end');
    this.#push('end', 'the expression');
    return this.#tokens;
  }

  #readData(): void {
    const start = this.#position;
    opening.lastIndex = start;
    const found = opening.exec(this.#source);
    const end = found?.index ?? this.#source.length;
    const isTrimmed = this.#source.charAt(end + 2) === '-';
    const data = this.#source.slice(start, end);
    if (data !== '') this.#push('data', isTrimmed ? stripEnd(data) : data);
    this.#position = end;
    if (found === null) return;
    if (found[0] === '{#') return this.#skipComment();
    const raw = this.#match(rawBegin);
    if (raw !== undefined) return this.#readRaw(raw[1] === '-');
    const isPrint = found[0] === '{{';
    this.#push(isPrint ? 'print-begin' : 'block-begin', found[0]);
    this.#position += /[-+]/.test(this.#source.charAt(end + 2)) ? 3 : 2;
    this.#readCode(isPrint ? 'print-end' : 'block-end');
  }

  #skipComment(): void {
    const end = this.#source.indexOf('#}', this.#position + 2);
    if (end < 0)
      throw new SyntaxFault(
        'the comment that begins here has no end',
        this.#lineAt(this.#position),
        'End it with "#}".',
      );
    const isTrimmed = end > this.#position + 2 && this.#source.charAt(end - 1) === '-';
    this.#position = end + 2;
    if (isTrimmed) this.#match(blank);
  }

  #readRaw(isTrimmedInside: boolean): void {
    const line = this.#lineAt(this.#position);
    this.#position = rawBegin.lastIndex;
    if (isTrimmedInside) this.#match(blank);
    rawEnd.lastIndex = this.#position;
    const end = rawEnd.exec(this.#source);
    if (end === null)
      throw new SyntaxFault('the "raw" that begins here has no end', line, 'End it with "{% endraw %}".');
    const data = this.#source.slice(this.#position, end.index);
    if (data !== '') this.#push('data', end[1] === '-' ? stripEnd(data) : data);
    this.#position = rawEnd.lastIndex;
    if (end[2] === '-') this.#match(blank);
  }

  /** Reads names, numbers, texts and operators up to the closing mark, which does not count inside brackets. */
  #readCode(closing: 'print-end' | 'block-end'): void {
    const mark = closing === 'print-end' ? '}}' : '%}';
    const brackets: string[] = [];
    for (;;) {
      this.#match(blank);
      const position = this.#position;
      if (position >= this.#source.length) return;
      if (brackets.length === 0 && this.#readClosing(closing, mark)) return;
      const written = this.#match(name);
      if (written !== undefined) {
        this.#pushAt('name', written[0], position);
      } else if (!this.#readLiteral(position)) {
        this.#readOperator(position, brackets);
      }
    }
  }

  #readClosing(closing: 'print-end' | 'block-end', mark: string): boolean {
    const head = this.#source.slice(this.#position, this.#position + 3);
    const isMarked = head === `-${mark}` || (closing === 'block-end' && head === `+${mark}`);
    if (!isMarked && !head.startsWith(mark)) return false;
    this.#push(closing, mark);
    this.#position += isMarked ? 3 : 2;
    if (head.startsWith('-')) this.#match(blank);
    return true;
  }

  #readLiteral(position: number): boolean {
    // After a dot, digits are an index: `rows.0.1` has no number 0.1 in it.
    const number = this.#source.charAt(position - 1) === '.' ? undefined : this.#match(float);
    if (number !== undefined) {
      this.#pushAt('float', number[0].replaceAll('_', ''), position);
      return true;
    }
    const whole = this.#match(integer);
    if (whole !== undefined) {
      this.#pushAt('integer', whole[0].replaceAll('_', ''), position);
      return true;
    }
    const literal = this.#match(text);
    if (literal === undefined) return false;
    this.#pushAt('text', resolveTextEscapes(literal[1] ?? literal[2] ?? ''), position);
    return true;
  }

  #readOperator(position: number, brackets: string[]): void {
    const written = this.#match(operator)?.[0];
    if (written === undefined) {
      const character = String.fromCodePoint(this.#source.codePointAt(position) ?? 0);
      const isQuote = character === '"' || character === "'";
      const problem = isQuote
        ? `the text that begins with ${character} here has no end`
        : `unexpected character "${character}"`;
      throw new SyntaxFault(problem, this.#lineAt(position));
    }
    const closing = closingOf[written];
    if (closing !== undefined) brackets.push(closing);
    else if (written === ')' || written === ']' || written === '}') {
      const expected = brackets.pop();
      if (expected !== written) {
        const hint = expected === undefined ? 'nothing is open' : `"${expected}" was expected`;
        throw new SyntaxFault(`unexpected "${written}": ${hint}`, this.#lineAt(position));
      }
    }
    this.#pushAt('operator', written, position);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#source);
    if (found === null) return undefined;
    if (pattern !== rawBegin) this.#position = pattern.lastIndex;
    return found;
  }

  #push(kind: TokenKind, value: string): void {
    this.#pushAt(kind, value, this.#position);
  }

  #pushAt(kind: TokenKind, value: string, position: number): void {
    this.#tokens.push({ kind, value, line: this.#lineAt(position) });
  }

  /** Positions are asked for in rising order, so every line end is counted once. */
  #lineAt(position: number): number {
    if (this.#counts === 'character') return position + 1;
    for (; this.#counted < position; this.#counted += 1) {
      if (this.#source.charCodeAt(this.#counted) === 10) this.#line += 1;
    }
    return this.#line;
  }
}
