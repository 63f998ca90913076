import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import type { Filter } from '../spec/filters.ts';
import { compileValueTemplate } from '../template/compile-template.ts';
import type { TemplateNames } from '../template/template.ts';
import { equalsAsText } from './equals-as-text.ts';
import { toNumber } from './to-number.ts';

/**
 * Whether a row or scored sample passes.
 *
 * @throws {EvaluationError} `filter-failed` for a value that the operator cannot judge; `template-undefined` and
 *   `template-failed` from the expression.
 */
export type Predicate = (names: TemplateNames, sampleId: string) => boolean;

type Judge = (found: JsonValue, sampleId: string) => boolean;
type Comparison = 'greater_than' | 'less_than' | 'greater_or_equal' | 'less_or_equal';

const comparisons: Readonly<Record<Comparison, (left: number, right: number) => boolean>> = {
  greater_than: (left, right) => left > right,
  less_than: (left, right) => left < right,
  greater_or_equal: (left, right) => left >= right,
  less_or_equal: (left, right) => left <= right,
};

/**
 * Compiles one filter (format 11).
 *
 * @param path - Where the filter stands, such as `actions.only_english.filter`; part of every message.
 * @throws {EvaluationError} `template-syntax`; `config-invalid` for a bound that is no number.
 */
export function compileFilter(filter: Filter, path: string): Predicate {
  const expression = compileValueTemplate(filter.expression, `${path}.expression`);
  const judging =
    (judge: Judge): Predicate =>
    (names, sampleId) =>
      judge(expression.evaluate(names, sampleId), sampleId);
  switch (filter.op) {
    case 'equals':
      return judging((found) => equalsAsText(found, filter.value));
    case 'not_equals':
      return judging((found) => !equalsAsText(found, filter.value));
    case 'in':
      return judging((found) => filter.values.some((value) => equalsAsText(found, value)));
    case 'not_in':
      return judging((found) => !filter.values.some((value) => equalsAsText(found, value)));
    case 'greater_than':
    case 'less_than':
    case 'greater_or_equal':
    case 'less_or_equal':
      return judging(createComparison(filter.op, filter.value, path));
    case 'is_true':
      return judging((found, sampleId) => readBoolean(found, filter.op, path, sampleId));
    case 'is_false':
      return judging((found, sampleId) => !readBoolean(found, filter.op, path, sampleId));
    case 'exists':
      return (names, sampleId) => expression.isDefined(names, sampleId);
    case 'not_exists':
      return (names, sampleId) => !expression.isDefined(names, sampleId);
  }
}

/** Several filters combined with AND: holds when all hold; later ones are not evaluated once one does not. */
export function compileFilters(filters: readonly Filter[], path: string): Predicate {
  const predicates = filters.map((filter, index) => compileFilter(filter, `${path}[${index}]`));
  return (names, sampleId) => predicates.every((holds) => holds(names, sampleId));
}

function createComparison(op: Comparison, value: JsonValue, path: string): Judge {
  const bound = toNumber(value);
  if (bound === undefined) {
    throw new EvaluationError(
      'config-invalid',
      `${path}.value: ${op} compares with a number, and this is ${describe(value)}.`,
      {
        hint: 'Write a number, or text that is one.',
      },
    );
  }
  return (found, sampleId) => {
    const number = toNumber(found);
    if (number === undefined) throw makeFailure(found, op, path, sampleId, 'a number, or text that is one');
    return comparisons[op](number, bound);
  };
}

function readBoolean(found: JsonValue, op: string, path: string, sampleId: string): boolean {
  const word = typeof found === 'string' ? found.toLowerCase() : found;
  if (word === true || word === 'true') return true;
  if (word === false || word === 'false') return false;
  throw makeFailure(found, op, path, sampleId, 'a boolean, or text "true" or "false"');
}

function makeFailure(found: JsonValue, op: string, path: string, sampleId: string, needed: string): EvaluationError {
  return new EvaluationError(
    'filter-failed',
    `${path}, sample ${sampleId}: ${op} needs ${needed}, and the expression is ${describe(found)}.`,
    { hint: `Filter on ${needed}, or test with "exists" or "equals" first.` },
  );
}

/** Kind rather than content: messages are stored and shown, and a value may come from a prompt or an answer. */
function describe(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'other text';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return Array.isArray(value) ? 'a list' : 'a mapping';
}
