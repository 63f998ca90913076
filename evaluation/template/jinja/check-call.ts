import { SyntaxFault } from './faults.ts';
import type { Definition } from './filters/filter-definition.ts';
import { findNameArgument, getDefinition } from './library.ts';
import { findCallProblem } from './signature.ts';
import type { Arguments, Expression, FilterExpression } from './syntax-tree.ts';

/** @throws {SyntaxFault} Unless the filter exists and can take these arguments. */
export function checkFilter({ name, arguments: given, line }: FilterExpression): Definition {
  const definition = getDefinition('filter', name, line);
  check(`the filter "${name}"`, definition, given, line);
  checkNameArgument(name, given, line);
  return definition;
}

/** @throws {SyntaxFault} Unless the test exists and can take these arguments. */
export function checkTest({ name, arguments: given, line }: Extract<Expression, { type: 'test' }>): Definition {
  const definition = getDefinition('test', name, line);
  check(`the test "${name}"`, definition, given, line);
  return definition;
}

function check(what: string, definition: Definition, given: Arguments, line: number): void {
  if (given.spread !== undefined || given.spreadKeywords !== undefined) return;
  const names = given.keywords.map((keyword) => keyword.name);
  const constants = definition.signature.parameters.map(({ name }, index) =>
    readConstant(given.positional[index] ?? given.keywords.find((keyword) => keyword.name === name)?.value),
  );
  const problem =
    findCallProblem(definition.signature, given.positional.length, names) ?? definition.findProblem?.(constants);
  if (problem !== undefined) throw new SyntaxFault(`${what} ${problem}`, line);
}

/** `map('uper')` can never work either. */
function checkNameArgument(filter: string, given: Arguments, line: number): void {
  const place = findNameArgument(filter);
  if (place === undefined || given.spread !== undefined) return;
  const name = readConstant(given.positional[place.index]);
  if (typeof name !== 'string') return;
  const definition = getDefinition(place.kind, name, line);
  const rest = { ...given, positional: given.positional.slice(place.index + 1) };
  check(`the ${place.kind} "${name}"`, definition, rest, line);
}

/** The value of a literal; `undefined` for what depends on the sample. */
function readConstant(expression: Expression | undefined): unknown {
  return expression?.type === 'constant' ? expression.value : undefined;
}
