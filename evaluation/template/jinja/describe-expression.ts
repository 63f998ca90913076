import { toRepresentation } from './printing.ts';
import type { Expression } from './syntax-tree.ts';

/** An expression as the template writes it, in short, for the message that it is undefined. */
export function describeExpression(expression: Expression): string {
  switch (expression.type) {
    case 'name':
      return expression.name;
    case 'constant':
      return toRepresentation(expression.value);
    case 'attribute':
      return `${describeExpression(expression.base)}.${expression.name}`;
    case 'item':
      return `${describeExpression(expression.base)}[${describeExpression(expression.key)}]`;
    case 'slice':
      return `${describeExpression(expression.base)}[…]`;
    case 'call':
      return `${describeExpression(expression.callee)}(${hasArguments(expression.arguments) ? '…' : ''})`;
    case 'filter':
      return `${expression.input === undefined ? '' : describeExpression(expression.input)} | ${expression.name}`;
    case 'list':
    case 'tuple':
    case 'mapping':
    case 'test':
    case 'not':
    case 'sign':
    case 'and':
    case 'or':
    case 'binary':
    case 'join':
    case 'compare':
    case 'condition':
      return '(…)';
  }
}

function hasArguments(given: {
  readonly positional: readonly unknown[];
  readonly keywords: readonly unknown[];
}): boolean {
  return given.positional.length + given.keywords.length > 0;
}
