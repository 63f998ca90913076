import { type BinaryOperator, type ComparisonOperator, comparisonOperators } from './operators.ts';
import type { Arguments, Expression, FilterExpression } from './syntax-tree.ts';
import { describeToken, type TokenStream } from './token-stream.ts';

/** Where a list of values without brackets ends. */
export type EndsTuple = (stream: TokenStream) => boolean;
const endsNowhere: EndsTuple = () => false;
const noArguments: Arguments = { positional: [], keywords: [], spread: undefined, spreadKeywords: undefined };

/** One expression, or a tuple if commas follow: `a, b`. */
export function parseTuple(
  stream: TokenStream,
  options: { readonly endsTuple?: EndsTuple; readonly allowsCondition?: boolean } = {},
): Expression {
  const { endsTuple = endsNowhere, allowsCondition = true } = options;
  const { line } = stream.current;
  const items: Expression[] = [];
  let isTuple = false;
  while (!isTupleEnd(stream) && !endsTuple(stream)) {
    items.push(allowsCondition ? parseExpression(stream) : parseOr(stream));
    if (!stream.skip('operator', ',')) break;
    isTuple = true;
  }
  const [first] = items;
  if (isTuple) return { type: 'tuple', items, line };
  return first ?? stream.fail(`expected an expression, found ${describeToken(stream.current)}`);
}

function isTupleEnd(stream: TokenStream): boolean {
  return stream.is('print-end') || stream.is('block-end') || stream.isOperator(')');
}

export function parseExpression(stream: TokenStream): Expression {
  let expression = parseOr(stream);
  for (let { line } = stream.current; stream.skip('name', 'if'); { line } = stream.current) {
    const test = parseOr(stream);
    const no = stream.skip('name', 'else') ? parseExpression(stream) : undefined;
    expression = { type: 'condition', test, yes: expression, no, line };
  }
  return expression;
}

function parseOr(stream: TokenStream): Expression {
  let left = parseAnd(stream);
  for (let { line } = stream.current; stream.skip('name', 'or'); { line } = stream.current) {
    left = { type: 'or', left, right: parseAnd(stream), line };
  }
  return left;
}

function parseAnd(stream: TokenStream): Expression {
  let left = parseNot(stream);
  for (let { line } = stream.current; stream.skip('name', 'and'); { line } = stream.current) {
    left = { type: 'and', left, right: parseNot(stream), line };
  }
  return left;
}

function parseNot(stream: TokenStream): Expression {
  const { line } = stream.current;
  return stream.skip('name', 'not') ? { type: 'not', operand: parseNot(stream), line } : parseComparison(stream);
}

function parseComparison(stream: TokenStream): Expression {
  const { line } = stream.current;
  const first = parseSum(stream);
  const rest: { operator: ComparisonOperator; operand: Expression }[] = [];
  for (let operator = readComparison(stream); operator !== undefined; operator = readComparison(stream)) {
    rest.push({ operator, operand: parseSum(stream) });
  }
  return rest.length === 0 ? first : { type: 'compare', first, rest, line };
}

function readComparison(stream: TokenStream): ComparisonOperator | undefined {
  if (stream.isOperator(...comparisonOperators)) return stream.next().value as ComparisonOperator;
  if (stream.skip('name', 'in')) return 'in';
  if (!stream.isWord('not') || stream.following.kind !== 'name' || stream.following.value !== 'in') return undefined;
  stream.next();
  stream.next();
  return 'not in';
}

function parseSum(stream: TokenStream): Expression {
  return parseLeftToRight(stream, ['+', '-'], parseJoin);
}

function parseJoin(stream: TokenStream): Expression {
  const { line } = stream.current;
  const first = parseProduct(stream);
  const parts = [first];
  while (stream.skip('operator', '~')) parts.push(parseProduct(stream));
  return parts.length === 1 ? first : { type: 'join', parts, line };
}

function parseProduct(stream: TokenStream): Expression {
  return parseLeftToRight(stream, ['*', '/', '//', '%'], parsePower);
}

/** Jinja reads `2 ** 3 ** 2` from the left, unlike Python. */
function parsePower(stream: TokenStream): Expression {
  return parseLeftToRight(stream, ['**'], parseUnary);
}

function parseLeftToRight(
  stream: TokenStream,
  operators: readonly BinaryOperator[],
  parseOperand: (stream: TokenStream) => Expression,
): Expression {
  let left = parseOperand(stream);
  while (stream.isOperator(...operators)) {
    const { value, line } = stream.next();
    left = { type: 'binary', operator: value as BinaryOperator, left, right: parseOperand(stream), line };
  }
  return left;
}

function parseUnary(stream: TokenStream): Expression {
  return parseFiltersAndTests(stream, parseSigned(stream));
}

function parseSigned(stream: TokenStream): Expression {
  if (!stream.isOperator('+', '-')) return parsePostfix(stream, parsePrimary(stream));
  const { value, line } = stream.next();
  return { type: 'sign', operator: value === '-' ? '-' : '+', operand: parseSigned(stream), line };
}

const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
  ['null', null],
]);

/** A name, a literal, or something in brackets. */
export function parsePrimary(stream: TokenStream): Expression {
  const { kind, value, line } = stream.current;
  if (kind === 'name') {
    stream.next();
    const constant = constants.get(value);
    return constant === undefined ? { type: 'name', name: value, line } : { type: 'constant', value: constant, line };
  }
  if (kind === 'text') {
    let joined = '';
    while (stream.is('text')) joined += stream.next().value;
    return { type: 'constant', value: joined, line };
  }
  if (kind === 'integer' || kind === 'float') {
    const number = Number(stream.next().value);
    if (!Number.isFinite(number)) stream.fail('the number is too large', line);
    return { type: 'constant', value: number, line };
  }
  if (kind === 'operator') return parseBrackets(stream);
  return stream.fail(`expected an expression, found ${describeToken(stream.current)}`);
}

function parseBrackets(stream: TokenStream): Expression {
  const { value, line } = stream.current;
  if (value === '(') {
    stream.next();
    if (stream.skip('operator', ')')) return { type: 'tuple', items: [], line };
    const inside = parseTuple(stream);
    stream.expect('operator', ')');
    return inside;
  }
  if (value === '[') {
    stream.next();
    return { type: 'list', items: parseSeries(stream, ']', parseExpression), line };
  }
  if (value === '{') {
    stream.next();
    return { type: 'mapping', pairs: parseSeries(stream, '}', parsePair), line };
  }
  return stream.fail(`expected an expression, found "${value}"`);
}

function parsePair(stream: TokenStream): { key: Expression; value: Expression } {
  const key = parseExpression(stream);
  stream.expect('operator', ':');
  return { key, value: parseExpression(stream) };
}

/** Things between commas, a comma at the end allowed, up to and with the closing bracket. */
function parseSeries<Item>(stream: TokenStream, closing: string, parseItem: (stream: TokenStream) => Item): Item[] {
  const items: Item[] = [];
  while (!stream.skip('operator', closing)) {
    if (items.length > 0) {
      stream.expect('operator', ',');
      if (stream.skip('operator', closing)) break;
    }
    items.push(parseItem(stream));
  }
  return items;
}

/** Members, items and calls behind a primary. */
function parsePostfix(stream: TokenStream, primary: Expression): Expression {
  let expression = primary;
  for (;;) {
    const { line } = stream.current;
    if (stream.skip('operator', '.')) {
      expression = parseMember(stream, expression, line);
    } else if (stream.skip('operator', '[')) {
      expression = parseSubscript(stream, expression, line);
    } else if (stream.isOperator('(')) {
      expression = { type: 'call', callee: expression, arguments: parseArguments(stream), line };
    } else {
      return expression;
    }
  }
}

function parseMember(stream: TokenStream, base: Expression, line: number): Expression {
  const token = stream.next();
  if (token.kind === 'name') return { type: 'attribute', base, name: token.value, line };
  if (token.kind !== 'integer')
    return stream.fail(`expected a name or a number after ".", found ${describeToken(token)}`, token.line);
  return { type: 'item', base, key: { type: 'constant', value: Number(token.value), line }, line };
}

function parseSubscript(stream: TokenStream, base: Expression, line: number): Expression {
  const start = stream.isOperator(':') ? undefined : parseTupleKey(stream);
  if (!stream.skip('operator', ':')) {
    stream.expect('operator', ']');
    return start === undefined ? stream.fail('expected an index, found "]"') : { type: 'item', base, key: start, line };
  }
  const stop = stream.isOperator(':', ']') ? undefined : parseExpression(stream);
  const step = stream.skip('operator', ':') && !stream.isOperator(']') ? parseExpression(stream) : undefined;
  stream.expect('operator', ']');
  return { type: 'slice', base, start, stop, step, line };
}

function parseTupleKey(stream: TokenStream): Expression {
  if (stream.isOperator(']')) return stream.fail('expected an index, found "]"');
  return parseExpression(stream);
}

/** Filters and tests; a call may follow them too. */
function parseFiltersAndTests(stream: TokenStream, operand: Expression): Expression {
  let expression = operand;
  for (;;) {
    const { line } = stream.current;
    if (stream.isOperator('|')) {
      expression = parseFilters(stream, expression);
    } else if (stream.skip('name', 'is')) {
      expression = parseTest(stream, expression, line);
    } else if (stream.isOperator('(')) {
      expression = { type: 'call', callee: expression, arguments: parseArguments(stream), line };
    } else {
      return expression;
    }
  }
}

function parseFilters(stream: TokenStream, input: Expression): Expression {
  let expression = input;
  while (stream.skip('operator', '|')) expression = parseFilter(stream, expression);
  return expression;
}

/** One filter name with its arguments, and whatever filters follow it; without input for filter blocks. */
export function parseFilterChain(stream: TokenStream): FilterExpression {
  let filter = parseFilter(stream, undefined);
  while (stream.skip('operator', '|')) filter = parseFilter(stream, filter);
  return filter;
}

function parseFilter(stream: TokenStream, input: Expression | undefined): FilterExpression {
  const { line } = stream.current;
  const name = parseDottedName(stream);
  return {
    type: 'filter',
    input,
    name,
    arguments: stream.isOperator('(') ? parseArguments(stream) : noArguments,
    line,
  };
}

function parseDottedName(stream: TokenStream): string {
  let name = stream.expect('name').value;
  while (stream.skip('operator', '.')) name += `.${stream.expect('name').value}`;
  return name;
}

function parseTest(stream: TokenStream, input: Expression, line: number): Expression {
  const isNegated = stream.skip('name', 'not');
  const name = parseDottedName(stream);
  const test: Expression = { type: 'test', input, name, arguments: parseTestArguments(stream), line };
  return isNegated ? { type: 'not', operand: test, line } : test;
}

/** A test takes its arguments in brackets, or a single one without: `is divisibleby 3`. */
function parseTestArguments(stream: TokenStream): Arguments {
  if (stream.isOperator('(')) return parseArguments(stream);
  if (stream.isWord('is'))
    stream.fail(
      'tests cannot be chained',
      stream.current.line,
      'Put brackets around the first one, or join two with "and".',
    );
  const isArgument =
    stream.is('text') ||
    stream.is('integer') ||
    stream.is('float') ||
    stream.isOperator('[', '{') ||
    (stream.is('name') && !stream.isWord('else', 'or', 'and'));
  // Jinja would take these words for the name of an argument, which never works.
  if (!isArgument || stream.isWord('if', 'in', 'not')) return noArguments;
  return { ...noArguments, positional: [parsePostfix(stream, parsePrimary(stream))] };
}

function parseArguments(stream: TokenStream): Arguments {
  stream.expect('operator', '(');
  const positional: Expression[] = [];
  const keywords: { name: string; value: Expression }[] = [];
  let spread: Expression | undefined;
  let spreadKeywords: Expression | undefined;
  parseSeries(stream, ')', () => {
    const { line } = stream.current;
    if (stream.skip('operator', '*')) {
      if (spread !== undefined || spreadKeywords !== undefined)
        stream.fail('the arguments of a call are in the wrong order', line);
      spread = parseExpression(stream);
    } else if (stream.skip('operator', '**')) {
      if (spreadKeywords !== undefined) stream.fail('the arguments of a call are in the wrong order', line);
      spreadKeywords = parseExpression(stream);
    } else if (stream.is('name') && stream.following.kind === 'operator' && stream.following.value === '=') {
      if (spreadKeywords !== undefined) stream.fail('the arguments of a call are in the wrong order', line);
      const name = stream.next().value;
      stream.next();
      if (keywords.some((keyword) => keyword.name === name)) stream.fail(`the argument "${name}" is given twice`, line);
      keywords.push({ name, value: parseExpression(stream) });
    } else {
      if (spread !== undefined || spreadKeywords !== undefined || keywords.length > 0) {
        stream.fail('arguments without a name must come before those with one', line);
      }
      positional.push(parseExpression(stream));
    }
  });
  return { positional, keywords, spread, spreadKeywords };
}
