import { compileExpression } from '../template/jinja/compile-expression.ts';
import { RenderFault, UndefinedFault } from '../template/jinja/faults.ts';
import { type ComparisonOperator, compare } from '../template/jinja/operators.ts';
import type { Scope } from '../template/jinja/scope.ts';
import type { Expression } from '../template/jinja/syntax-tree.ts';
import { isTrue, Omitted, Undefined } from '../template/jinja/values.ts';

/** True, false, or undefined where the sample lacks what is asked about. */
export type Truth = boolean | undefined;

/** @param hasOutput - Where there is no answer, what only an answer can be asked is not known rather than wrong. */
export type Predicate = (scope: Scope, hasOutput: () => boolean) => Truth;

/**
 * An expression as a condition with three values, as SQL has them: what compares something missing, or none by its size,
 * is not known; `not` leaves that so, and `and` and `or` where the other side does not decide. So neither
 * `scores.judge.correct == false` nor its negation speaks of a sample that has no scores.
 *
 * @throws {SyntaxFault} for filters and tests that do not exist or never take these arguments.
 */
export function compilePredicate(expression: Expression): Predicate {
  const { type } = expression;
  if (type === 'and' || type === 'or') return compileLogic(expression);
  if (type === 'not') return compileNegation(expression);
  if (type === 'compare') return tolerate(compileComparison(expression));
  const evaluate = compileExpression(expression);
  return tolerate((scope) => {
    const value = evaluate(scope);
    return isMissing(value) ? undefined : isTrue(value);
  });
}

function compileNegation({ operand }: Extract<Expression, { type: 'not' }>): Predicate {
  const negated = compilePredicate(operand);
  return (scope, hasOutput) => {
    const truth = negated(scope, hasOutput);
    return truth === undefined ? undefined : !truth;
  };
}

function compileLogic({ type, left, right }: Extract<Expression, { type: 'and' | 'or' }>): Predicate {
  const first = compilePredicate(left);
  const second = compilePredicate(right);
  const decides = type === 'or';
  return (scope, hasOutput) => {
    const one = first(scope, hasOutput);
    if (one === decides) return decides;
    const other = second(scope, hasOutput);
    if (other === decides) return decides;
    return one === undefined || other === undefined ? undefined : !decides;
  };
}

function compileComparison({ first, rest }: Extract<Expression, { type: 'compare' }>): (scope: Scope) => Truth {
  const start = compileExpression(first);
  const steps = rest.map(({ operator, operand }) => ({ operator, operand: compileExpression(operand) }));
  return (scope) => {
    let left = start(scope);
    for (const { operator, operand } of steps) {
      const right = operand(scope);
      if (isMissing(left) || isMissing(right) || isBeyondNone(operator, left, right)) return undefined;
      if (!compare(operator, left, right)) return false;
      left = right;
    }
    return true;
  };
}

/** None has no size and nothing in it, as a judge's missing grade or the text of a failed sample; it may still be equal. */
function isBeyondNone(operator: ComparisonOperator, left: unknown, right: unknown): boolean {
  if (operator === '==' || operator === '!=') return false;
  if (operator === 'in' || operator === 'not in') return right === null;
  return left === null || right === null;
}

function isMissing(value: unknown): boolean {
  return value instanceof Undefined && !(value instanceof Omitted);
}

function tolerate(predicate: (scope: Scope) => Truth): Predicate {
  return (scope, hasOutput) => {
    try {
      return predicate(scope);
    } catch (fault) {
      if (fault instanceof UndefinedFault || (fault instanceof RenderFault && !hasOutput())) return undefined;
      throw fault;
    }
  };
}
