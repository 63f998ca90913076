import { findNearestName } from '../../nearest-name.ts';
import { tokenize } from './lexer.ts';
import { parseExpression, parseFilterChain, parsePrimary, parseTuple } from './parse-expression.ts';
import { refusedStatements, reservedWords, statementWords } from './statement-words.ts';
import type { Expression, Parameter, Statement, Target } from './syntax-tree.ts';
import { describeToken, TokenStream } from './token-stream.ts';

/**
 * Reads template source.
 *
 * @throws {SyntaxFault} For what is not Jinja, and for Jinja that templates of a run may not use.
 */
export function parseTemplate(source: string): readonly Statement[] {
  return new TemplateParser(new TokenStream(tokenize(source))).parse();
}

class TemplateParser {
  readonly #stream: TokenStream;
  readonly #blockNames = new Set<string>();
  /** Statements that are open, with their lines; the innermost is last. */
  readonly #open: { readonly word: string; readonly line: number }[] = [];
  #loopDepth = 0;

  constructor(stream: TokenStream) {
    this.#stream = stream;
  }

  parse(): Statement[] {
    return this.#parseUntil([]);
  }

  /** Reads statements up to a block that begins with one of the words, which is left as the next token. */
  #parseUntil(words: readonly string[]): Statement[] {
    const stream = this.#stream;
    const body: Statement[] = [];
    while (!stream.is('end')) {
      const { kind, value, line } = stream.next();
      if (kind === 'data') {
        if (value !== '') body.push({ type: 'data', text: value, line });
      } else if (kind === 'print-begin') {
        body.push({ type: 'print', expression: parseTuple(stream), line });
        stream.expect('print-end');
      } else {
        if (stream.isWord(...words) && words.length > 0) return body;
        body.push(this.#parseStatement());
        stream.expect('block-end');
      }
    }
    const open = this.#open.at(-1);
    if (open !== undefined)
      stream.fail(`the "${open.word}" that begins here has no end`, open.line, `End it with "{% end${open.word} %}".`);
    return body;
  }

  /** Reads the statements inside a block and the word that ends it. */
  #parseBody(
    word: string,
    line: number,
    ends: readonly string[] = [`end${word}`],
  ): { readonly body: Statement[]; readonly end: string } {
    this.#stream.expect('block-end');
    this.#open.push({ word, line });
    const body = this.#parseUntil(ends);
    this.#open.pop();
    return { body, end: this.#stream.next().value };
  }

  /** The body of something whose inside is no longer inside the loop around it. */
  #parseDetachedBody(word: string, line: number): Statement[] {
    const depth = this.#loopDepth;
    this.#loopDepth = 0;
    const { body } = this.#parseBody(word, line);
    this.#loopDepth = depth;
    return body;
  }

  #parseStatement(): Statement {
    const stream = this.#stream;
    if (!stream.is('name')) stream.fail(`expected a statement, found ${describeToken(stream.current)}`);
    const { value: word, line } = stream.next();
    switch (word) {
      case 'if':
        return this.#parseIf(line);
      case 'for':
        return this.#parseFor(line);
      case 'set':
        return this.#parseSet(line);
      case 'with':
        return this.#parseWith(line);
      case 'macro': {
        const name = this.#readAssignableName();
        const parameters = this.#parseParameters();
        return { type: 'macro', name, parameters, body: this.#parseDetachedBody('macro', line), line };
      }
      case 'call':
        return this.#parseCall(line);
      case 'filter': {
        const filter = parseFilterChain(stream);
        return { type: 'filter-block', filter, body: this.#parseDetachedBody('filter', line), line };
      }
      case 'block':
        return this.#parseBlock(line);
      case 'print':
        return { type: 'print', expression: this.#parsePrinted(line), line };
      case 'do':
        return { type: 'do', expression: parseTuple(stream), line };
      case 'break':
      case 'continue':
        if (this.#loopDepth === 0) stream.fail(`"${word}" stands outside of a loop`, line);
        return { type: word, line };
      default:
        return this.#failAtWord(word, line);
    }
  }

  #failAtWord(word: string, line: number): never {
    const refusal = refusedStatements.get(word);
    if (refusal !== undefined) this.#stream.fail(`"${word}" is not available in templates: ${refusal}`, line);
    const open = this.#open.at(-1);
    if (word.startsWith('end') || word === 'else' || word === 'elif') {
      const problem = open === undefined ? 'nothing is open' : `the "${open.word}" of line ${open.line} is still open`;
      this.#stream.fail(`unexpected "${word}": ${problem}`, line);
    }
    const nearest = findNearestName(word, statementWords);
    return this.#stream.fail(
      `unknown statement "${word}"`,
      line,
      nearest === undefined ? undefined : `Did you mean "${nearest}"?`,
    );
  }

  /** Several expressions between commas are printed one after the other. */
  #parsePrinted(line: number): Expression {
    const first = parseExpression(this.#stream);
    const parts = [first];
    while (this.#stream.skip('operator', ',')) parts.push(parseExpression(this.#stream));
    return parts.length === 1 ? first : { type: 'join', parts, line };
  }

  #parseIf(line: number): Statement {
    const branches: { test: Expression; body: readonly Statement[] }[] = [];
    for (;;) {
      const test = parseTuple(this.#stream, { allowsCondition: false });
      const { body, end } = this.#parseBody('if', line, ['elif', 'else', 'endif']);
      branches.push({ test, body });
      if (end === 'elif') continue;
      const otherwise = end === 'else' ? this.#parseBody('if', line).body : [];
      return { type: 'if', branches, otherwise, line };
    }
  }

  #parseFor(line: number): Statement {
    const stream = this.#stream;
    const target = this.#parseTarget('in');
    if (assignsTo(target, 'loop')) stream.fail('"loop" is what the loop itself sets; choose another name', line);
    stream.expect('name', 'in');
    const iterable = parseTuple(stream, { allowsCondition: false, endsTuple: (tokens) => tokens.isWord('recursive') });
    const test = stream.skip('name', 'if') ? parseExpression(stream) : undefined;
    const isRecursive = stream.skip('name', 'recursive');
    this.#loopDepth += 1;
    const { body, end } = this.#parseBody('for', line, ['endfor', 'else']);
    this.#loopDepth -= 1;
    const otherwise = end === 'else' ? this.#parseBody('for', line).body : [];
    return { type: 'for', target, iterable, test, isRecursive, body, otherwise, line };
  }

  #parseSet(line: number): Statement {
    const stream = this.#stream;
    const target = this.#parseTarget('=', true);
    if (stream.skip('operator', '=')) return { type: 'set', target, value: parseTuple(stream), line };
    const filter = stream.skip('operator', '|') ? parseFilterChain(stream) : undefined;
    return { type: 'set-block', target, filter, body: this.#parseDetachedBody('set', line), line };
  }

  #parseWith(line: number): Statement {
    const stream = this.#stream;
    const assignments: { target: Target; value: Expression }[] = [];
    while (!stream.is('block-end')) {
      if (assignments.length > 0) stream.expect('operator', ',');
      const target: Target = stream.isOperator('(')
        ? this.#parseTarget('=')
        : { type: 'name', name: this.#readAssignableName() };
      stream.expect('operator', '=');
      assignments.push({ target, value: parseExpression(stream) });
    }
    return { type: 'with', assignments, body: this.#parseBody('with', line).body, line };
  }

  #parseCall(line: number): Statement {
    const stream = this.#stream;
    const parameters = stream.isOperator('(') ? this.#parseParameters() : [];
    const call = parseExpression(stream);
    if (call.type !== 'call') return stream.fail('"call" needs the call of a macro', line);
    return { type: 'call-block', parameters, call, body: this.#parseDetachedBody('call', line), line };
  }

  #parseBlock(line: number): Statement {
    const stream = this.#stream;
    const name = stream.expect('name').value;
    if (this.#blockNames.has(name)) stream.fail(`the block "${name}" is defined twice`, line);
    this.#blockNames.add(name);
    const isScoped = stream.skip('name', 'scoped');
    if (stream.isWord('required'))
      stream.fail('a "required" block needs a template that extends this one, and there is none', line);
    const body = this.#parseDetachedBody('block', line);
    if (stream.is('name')) stream.expect('name', name);
    return { type: 'block', name, isScoped, body, line };
  }

  #parseParameters(): Parameter[] {
    const stream = this.#stream;
    const parameters: Parameter[] = [];
    stream.expect('operator', '(');
    while (!stream.skip('operator', ')')) {
      if (parameters.length > 0) stream.expect('operator', ',');
      const { line } = stream.current;
      const name = this.#readAssignableName();
      if (parameters.some((parameter) => parameter.name === name))
        stream.fail(`the parameter "${name}" is there twice`, line);
      const hasDefault = stream.skip('operator', '=');
      if (!hasDefault && parameters.at(-1)?.default !== undefined) {
        stream.fail('a parameter without a default follows one with a default', line);
      }
      parameters.push({ name, default: hasDefault ? parseExpression(stream) : undefined });
    }
    return parameters;
  }

  /** A name, a member of a namespace, or several names between commas, brackets optional. */
  #parseTarget(end: string, allowsMember = false): Target {
    const stream = this.#stream;
    const { line } = stream.current;
    const items: Target[] = [];
    let isTuple = false;
    while (!stream.isWord(end) && !stream.isOperator(end, ')')) {
      items.push(this.#parseSingleTarget(allowsMember));
      if (!stream.skip('operator', ',')) break;
      isTuple = true;
    }
    const [first] = items;
    if (first === undefined) return stream.fail(`expected a name, found ${describeToken(stream.current)}`, line);
    return isTuple ? { type: 'tuple', items } : first;
  }

  #parseSingleTarget(allowsMember: boolean): Target {
    const stream = this.#stream;
    if (stream.skip('operator', '(')) {
      const target = this.#parseTarget(')', allowsMember);
      stream.expect('operator', ')');
      return target;
    }
    if (!stream.is('name')) {
      const { line } = stream.current;
      parsePrimary(stream);
      return stream.fail('a value cannot be assigned to', line, 'Write a name.');
    }
    const name = this.#readAssignableName();
    if (!allowsMember || !stream.skip('operator', '.')) return { type: 'name', name };
    return { type: 'member', name, member: stream.expect('name').value };
  }

  #readAssignableName(): string {
    const { value, line } = this.#stream.expect('name');
    if (reservedWords.has(value)) this.#stream.fail(`"${value}" cannot be assigned to`, line);
    return value;
  }
}

function assignsTo(target: Target, name: string): boolean {
  return target.type === 'tuple' ? target.items.some((item) => assignsTo(item, name)) : target.name === name;
}
