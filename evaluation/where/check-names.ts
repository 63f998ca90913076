import { findNearestName, listNames } from '../nearest-name.ts';
import { SyntaxFault } from '../template/jinja/faults.ts';
import { globals } from '../template/jinja/globals.ts';
import { mappingMethods } from '../template/jinja/mapping-methods.ts';
import type { Expression } from '../template/jinja/syntax-tree.ts';
import { whereNames } from './where-subject.ts';

/** What is known of a task before any of its samples is looked at. */
export interface WhereTask {
  readonly scorerKeys: readonly string[];
  /** Columns of the dataset, where they are known. */
  readonly columns?: readonly string[];
}

/** A score that the expression names; whether a scorer gives it, only its scores tell. */
export interface NamedScore {
  readonly scorerKey: string;
  readonly name: string;
  readonly column: number;
}

/**
 * Checks the names of an expression as far as they can be known, and lists the scores that it names.
 *
 * @throws {SyntaxFault} with the nearest name; its line is the column.
 */
export function checkNames(expression: Expression, task: WhereTask): readonly NamedScore[] {
  const scores: NamedScore[] = [];
  visitNodes(expression, (node) => {
    if (node.type === 'name') checkName(node.name, node.line, task);
    const member = readMember(node);
    if (member === undefined) return;
    const { base, name, column } = member;
    if (base.type === 'name' && base.name === 'sample') checkColumn(name, column, task);
    if (base.type === 'name' && base.name === 'scores') checkScorer(name, column, task);
    const scorer = readMember(base);
    if (scorer?.base.type === 'name' && scorer.base.name === 'scores' && !mappingMethods.has(name)) {
      scores.push({ scorerKey: scorer.name, name, column });
    }
  });
  return scores;
}

function checkName(name: string, column: number, { scorerKeys, columns = [] }: WhereTask): void {
  if ((whereNames as readonly string[]).includes(name) || globals.has(name)) return;
  const problem = `there is no "${name}" here`;
  if (columns.includes(name)) throw new SyntaxFault(problem, column, `Did you mean "${writeMember('sample', name)}"?`);
  if (scorerKeys.includes(name)) {
    throw new SyntaxFault(problem, column, `Did you mean "${writeMember('scores', name)}"?`);
  }
  throw new SyntaxFault(
    problem,
    column,
    suggest(name, whereNames, (known) => known, 'Known'),
  );
}

function checkColumn(name: string, column: number, { columns }: WhereTask): void {
  if (columns === undefined || columns.includes(name) || mappingMethods.has(name)) return;
  const hint = suggest(name, columns, (known) => writeMember('sample', known), 'Columns of the dataset');
  throw new SyntaxFault(`no sample has a column "${name}"`, column, hint);
}

function checkScorer(key: string, column: number, { scorerKeys }: WhereTask): void {
  if (scorerKeys.includes(key) || mappingMethods.has(key)) return;
  const hint = suggest(key, scorerKeys, (known) => writeMember('scores', known), 'Its scorers');
  throw new SyntaxFault(`the task has no scorer "${key}"`, column, hint);
}

/** @throws {SyntaxFault} for a score that its scorer never gave. */
export function failUnknownScore({ scorerKey, name, column }: NamedScore, known: Iterable<string>): never {
  const base = writeMember('scores', scorerKey);
  const hint = suggest(name, [...known], (each) => writeMember(base, each), 'It gives');
  throw new SyntaxFault(`scorer "${scorerKey}" gives no "${name}" on any sample`, column, hint);
}

function suggest(
  name: string,
  known: readonly string[],
  write: (name: string) => string,
  title: string,
): string | undefined {
  const nearest = findNearestName(name, known);
  if (nearest !== undefined) return `Did you mean "${write(nearest)}"?`;
  return known.length === 0 ? undefined : `${title}: ${listNames(known.map(write))}.`;
}

interface Member {
  readonly base: Expression;
  readonly name: string;
  readonly column: number;
}

/** `base.name` or `base['name']`; the name stands behind the dot or bracket. */
function readMember(node: Expression): Member | undefined {
  if (node.type === 'attribute') return { base: node.base, name: node.name, column: node.line + 1 };
  if (node.type !== 'item' || node.key.type !== 'constant' || typeof node.key.value !== 'string') return undefined;
  return { base: node.base, name: node.key.value, column: node.line + 1 };
}

function writeMember(base: string, name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !mappingMethods.has(name) ? `${base}.${name}` : `${base}['${name}']`;
}

function visitNodes(node: unknown, see: (node: Expression) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) visitNodes(item, see);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node && 'line' in node) see(node as Expression);
  for (const field of Object.values(node)) visitNodes(field, see);
}
