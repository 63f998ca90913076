import { compileExpression } from './compile-expression.ts';
import type { CompileTarget, Execute, Output } from './execution.ts';
import { Loop, RecursiveLoop } from './loop.ts';
import { readItems } from './read-argument.ts';
import type { Scope } from './scope.ts';
import type { ForStatement, Statement } from './syntax-tree.ts';
import { demand, isTrue } from './values.ts';

/** The rest of the compiler, handed in because statements and loops contain each other. */
interface StatementCompiler {
  readonly compileStatements: (statements: readonly Statement[]) => Execute;
  readonly compileTarget: CompileTarget;
}

export function compileFor(statement: ForStatement, { compileStatements, compileTarget }: StatementCompiler): Execute {
  const iterable = compileExpression(statement.iterable);
  const assign = compileTarget(statement.target);
  const test = statement.test === undefined ? undefined : compileExpression(statement.test);
  const executeBody = compileStatements(statement.body);
  const executeOtherwise = compileStatements(statement.otherwise);

  return (scope, output) => run(demand(iterable(scope)), 0, scope, output);

  function run(value: unknown, depth: number, scope: Scope, output: Output): undefined {
    const items = pick(readItems(value), scope);
    const loop = new Loop(items, depth);
    const visible = statement.isRecursive ? new RecursiveLoop(loop, (inner) => recur(inner, depth + 1, scope)) : loop;
    // As in Jinja, where "break" and "continue" keep a round from counting: "else" is for a loop in which none was completed.
    let isCompleted = false;
    for (const item of items) {
      scope.rendering.countRound();
      loop.advance();
      const inner = scope.inner();
      inner.set('loop', visible);
      assign(inner, item);
      const ending = executeBody(inner, output);
      if (ending === 'break') break;
      isCompleted ||= ending === undefined;
    }
    if (!isCompleted) executeOtherwise(scope, output);
  }

  function recur(value: unknown, depth: number, scope: Scope): string {
    const output = { text: '' };
    run(demand(value), depth, scope, output);
    return output.text;
  }

  /** The items that the condition of the loop lets through; it sees the item, but no `loop`. */
  function pick(items: readonly unknown[], scope: Scope): readonly unknown[] {
    if (test === undefined) return items;
    return items.filter((item) => {
      const inner = scope.inner();
      assign(inner, item);
      return isTrue(test(inner));
    });
  }
}
