import { checkFilter, checkTest } from './check-call.ts';
import { compileArguments, type Evaluate } from './compile-arguments.ts';
import { describeExpression } from './describe-expression.ts';
import { RenderFault } from './faults.ts';
import { applyDefinition } from './library.ts';
import { getAttribute, getItem, type Place } from './members.ts';
import { calculate, compare } from './operators.ts';
import { toText } from './printing.ts';
import { readNumber } from './read-argument.ts';
import { slice } from './slices.ts';
import type { CallExpression, Expression, FilterExpression } from './syntax-tree.ts';
import { Callable, demand, describeType, isTrue, makeTuple, Omitted, toKey, Undefined } from './values.ts';

/** @throws {SyntaxFault} For filters and tests that do not exist or never take these arguments. */
export function compileExpression(expression: Expression): Evaluate {
  switch (expression.type) {
    case 'constant': {
      const { value } = expression;
      return () => value;
    }
    case 'name': {
      const { name } = expression;
      return (scope) => scope.get(name);
    }
    case 'list': {
      const items = expression.items.map(compileExpression);
      return (scope) => items.map((evaluate) => evaluate(scope));
    }
    case 'tuple': {
      const items = expression.items.map(compileExpression);
      return (scope) => makeTuple(items.map((evaluate) => evaluate(scope)));
    }
    case 'mapping': {
      const pairs = expression.pairs.map(({ key, value }) => ({
        key: compileExpression(key),
        value: compileExpression(value),
      }));
      return (scope) => new Map(pairs.map(({ key, value }) => [toKey(key(scope)), value(scope)]));
    }
    case 'attribute': {
      const { name } = expression;
      const base = compileExpression(expression.base);
      const place = describePlace(expression.base, expression);
      return (scope) => getAttribute(base(scope), name, place);
    }
    case 'item': {
      const base = compileExpression(expression.base);
      const key = compileExpression(expression.key);
      const place = describePlace(expression.base, expression);
      return (scope) => getItem(base(scope), key(scope), place);
    }
    case 'slice':
      return compileSlice(expression);
    case 'call':
      return compileCall(expression);
    case 'filter':
      return compileFilter(expression, compileInput(expression));
    case 'test':
      return compileTest(expression);
    case 'condition':
      return compileCondition(expression);
    case 'not':
    case 'sign':
    case 'and':
    case 'or':
    case 'binary':
    case 'join':
    case 'compare':
      return compileOperator(expression);
  }
}

function describePlace(base: Expression, whole: Expression): Place {
  return { base: describeExpression(base), whole: describeExpression(whole) };
}

function compileSlice({ base, start, stop, step }: Extract<Expression, { type: 'slice' }>): Evaluate {
  const value = compileExpression(base);
  const [from, to, by] = [start, stop, step].map((part) => (part === undefined ? () => null : compileExpression(part)));
  return (scope) => slice(value(scope), demand(from?.(scope)), demand(to?.(scope)), demand(by?.(scope)));
}

function compileCall(expression: CallExpression): Evaluate {
  const callee = compileExpression(expression.callee);
  const given = compileArguments(expression.arguments, compileExpression);
  const name = describeExpression(expression.callee);
  const whole = describeExpression(expression);
  return (scope) => {
    const called = demand(callee(scope));
    if (!(called instanceof Callable))
      throw new RenderFault(`"${name}" is ${describeType(called)} and cannot be called`);
    const { positional, keywords } = given(scope);
    return orUndefined(called.invoke(positional, keywords), whole);
  };
}

function compileInput({ input }: FilterExpression): Evaluate {
  if (input === undefined) throw new Error('A filter without input stands in a filter block only.');
  return compileExpression(input);
}

/** @param input - What the innermost filter of the chain works on. */
export function compileFilter(expression: FilterExpression, input: Evaluate): Evaluate {
  const { name } = expression;
  const definition = checkFilter(expression);
  const given = compileArguments(expression.arguments, compileExpression);
  const whole = describeExpression(expression);
  return (scope) => {
    const value = input(scope);
    const { positional, keywords } = given(scope);
    return orUndefined(applyDefinition(name, definition, value, positional, keywords), whole);
  };
}

/** The filters of a filter block or of a `set` block, applied to what the block wrote. */
export function compileFilterChain(expression: FilterExpression, input: Evaluate): Evaluate {
  const { input: previous } = expression;
  return compileFilter(expression, previous?.type === 'filter' ? compileFilterChain(previous, input) : input);
}

function compileTest(expression: Extract<Expression, { type: 'test' }>): Evaluate {
  const { name } = expression;
  const definition = checkTest(expression);
  const input = compileExpression(expression.input);
  const given = compileArguments(expression.arguments, compileExpression);
  return (scope) => {
    const value = input(scope);
    const { positional, keywords } = given(scope);
    return applyDefinition(name, definition, value, positional, keywords);
  };
}

function compileCondition({ test, yes, no }: Extract<Expression, { type: 'condition' }>): Evaluate {
  const condition = compileExpression(test);
  const whenTrue = compileExpression(yes);
  const whenFalse = no === undefined ? undefined : compileExpression(no);
  const name = `${describeExpression(yes)} if ${describeExpression(test)}`;
  return (scope) => {
    if (isTrue(condition(scope))) return whenTrue(scope);
    return whenFalse === undefined ? new Omitted(name, () => 'Add an "else".') : whenFalse(scope);
  };
}

type OperatorExpression = Extract<Expression, { type: 'not' | 'sign' | 'and' | 'or' | 'binary' | 'join' | 'compare' }>;

function compileOperator(expression: OperatorExpression): Evaluate {
  switch (expression.type) {
    case 'not': {
      const operand = compileExpression(expression.operand);
      return (scope) => !isTrue(operand(scope));
    }
    case 'sign': {
      const operand = compileExpression(expression.operand);
      const sign = expression.operator === '-' ? -1 : 1;
      // Adding 0 turns the -0 that JavaScript makes of 0 into 0.
      return (scope) => sign * readNumber(operand(scope), `what "${expression.operator}" stands before`) + 0;
    }
    case 'and':
    case 'or':
      return compileLogic(expression);
    case 'binary': {
      const { operator } = expression;
      const left = compileExpression(expression.left);
      const right = compileExpression(expression.right);
      return (scope) => calculate(operator, left(scope), right(scope));
    }
    case 'join': {
      const parts = expression.parts.map(compileExpression);
      return (scope) => parts.map((evaluate) => toText(evaluate(scope))).join('');
    }
    case 'compare':
      return compileComparison(expression);
  }
}

function compileLogic({ type, left, right }: Extract<Expression, { type: 'and' | 'or' }>): Evaluate {
  const first = compileExpression(left);
  const second = compileExpression(right);
  const stopsAt = type === 'or';
  return (scope) => {
    const value = first(scope);
    return isTrue(value) === stopsAt ? value : second(scope);
  };
}

/** `a < b < c` holds when each neighbouring pair does; later operands are not evaluated once one does not. */
function compileComparison({ first, rest }: Extract<Expression, { type: 'compare' }>): Evaluate {
  const start = compileExpression(first);
  const steps = rest.map(({ operator, operand }) => ({ operator, operand: compileExpression(operand) }));
  return (scope) => {
    let left = start(scope);
    for (const { operator, operand } of steps) {
      const right = operand(scope);
      if (!compare(operator, left, right)) return false;
      left = right;
    }
    return true;
  };
}

function orUndefined(value: unknown, name: string): unknown {
  return value === undefined ? new Undefined(name) : value;
}
