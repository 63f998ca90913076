import { SyntaxFault } from './faults.ts';
import type { Token, TokenKind } from './lexer.ts';

const endToken: Token = { kind: 'end', value: '', line: 1 };

/** The tokens of a template with a place to read at. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#position] ?? endToken;
  }

  get following(): Token {
    return this.#tokens[this.#position + 1] ?? endToken;
  }

  next(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.#position += 1;
    return token;
  }

  is(kind: TokenKind, ...values: readonly string[]): boolean {
    const { current } = this;
    return current.kind === kind && (values.length === 0 || values.includes(current.value));
  }

  isOperator(...values: readonly string[]): boolean {
    return this.is('operator', ...values);
  }

  isWord(...values: readonly string[]): boolean {
    return this.is('name', ...values);
  }

  skip(kind: TokenKind, value: string): boolean {
    const isThere = this.is(kind, value);
    if (isThere) this.next();
    return isThere;
  }

  /** @throws {SyntaxFault} unless the next token is of that kind, and of that value if one is given. */
  expect(kind: TokenKind, value?: string): Token {
    if (value === undefined ? this.is(kind) : this.is(kind, value)) return this.next();
    return this.fail(
      `expected ${value === undefined ? describeKind(kind) : `"${value}"`}, found ${describeToken(this.current)}`,
    );
  }

  fail(message: string, line = this.current.line, hint?: string): never {
    throw new SyntaxFault(message, line, hint);
  }
}

const kindNames: Readonly<Partial<Record<TokenKind, string>>> = {
  'block-end': '"%}"',
  'print-end': '"}}"',
  name: 'a name',
};

function describeKind(kind: TokenKind): string {
  return kindNames[kind] ?? kind;
}

const tokenNames: Readonly<Partial<Record<TokenKind, string>>> = {
  'block-end': '"%}"',
  'print-end': '"}}"',
  text: 'text in quotes',
  data: 'text of the template',
};

export function describeToken(token: Token): string {
  if (token.kind === 'end') return `the end of ${token.value || 'the template'}`;
  return tokenNames[token.kind] ?? `"${token.value}"`;
}
