import { RenderFault } from './faults.ts';
import { readPairs } from './mapping-methods.ts';
import { readItems } from './read-argument.ts';
import type { Scope } from './scope.ts';
import type { Arguments, Expression } from './syntax-tree.ts';
import { type Keywords, noKeywords } from './values.ts';

/** What an expression becomes: a function of the variables. */
export type Evaluate = (scope: Scope) => unknown;
export type CompileExpression = (expression: Expression) => Evaluate;

export interface GivenArguments {
  readonly positional: readonly unknown[];
  readonly keywords: Keywords;
}

const nothing: GivenArguments = { positional: [], keywords: noKeywords };

export function compileArguments(given: Arguments, compile: CompileExpression): (scope: Scope) => GivenArguments {
  const positional = given.positional.map(compile);
  const keywords = given.keywords.map(({ name, value }) => ({ name, value: compile(value) }));
  const spread = given.spread === undefined ? undefined : compile(given.spread);
  const spreadKeywords = given.spreadKeywords === undefined ? undefined : compile(given.spreadKeywords);
  if (spread === undefined && spreadKeywords === undefined && keywords.length === 0) {
    if (positional.length === 0) return () => nothing;
    return (scope) => ({ positional: positional.map((evaluate) => evaluate(scope)), keywords: noKeywords });
  }
  return (scope) => {
    const values = positional.map((evaluate) => evaluate(scope));
    if (spread !== undefined) values.push(...readItems(spread(scope)));
    const named = new Map(keywords.map(({ name, value }) => [name, value(scope)]));
    if (spreadKeywords !== undefined) {
      for (const [name, value] of readPairs(spreadKeywords(scope))) {
        if (typeof name !== 'string') throw new RenderFault('the names of arguments must be text');
        if (named.has(name)) throw new RenderFault(`the argument "${name}" is given twice`);
        named.set(name, value);
      }
    }
    return { positional: values, keywords: named };
  };
}
