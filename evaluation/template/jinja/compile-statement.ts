import { compileArguments, type Evaluate } from './compile-arguments.ts';
import { compileExpression, compileFilterChain } from './compile-expression.ts';
import { compileFor } from './compile-for.ts';
import { describeExpression } from './describe-expression.ts';
import type { Assign, Execute, Output } from './execution.ts';
import { RenderFault } from './faults.ts';
import { Namespace } from './globals.ts';
import { Macro, type MacroDefinition } from './macro.ts';
import { toText } from './printing.ts';
import { readItems } from './read-argument.ts';
import type { Scope } from './scope.ts';
import type { CallStatement, MacroStatement, Statement, Target } from './syntax-tree.ts';
import { findUses } from './used-names.ts';
import { Callable, demand, describeType, isTrue } from './values.ts';

/** @throws {SyntaxFault} For what can never work. */
export function compileStatements(statements: readonly Statement[]): Execute {
  const steps = statements.map(compileStatement);
  const lines = statements.map(({ line }) => line);
  return (scope, output) => {
    let index = 0;
    try {
      for (; index < steps.length; index += 1) {
        const ending = steps[index]?.(scope, output);
        if (ending !== undefined) return ending;
      }
    } catch (fault) {
      if (fault instanceof RenderFault) fault.line ??= lines[index];
      throw fault;
    }
    return undefined;
  };
}

/** What the statements write, as text of its own. */
export function compileToText(statements: readonly Statement[]): (scope: Scope) => string {
  const execute = compileStatements(statements);
  return (scope) => {
    const output = { text: '' };
    execute(scope, output);
    return output.text;
  };
}

function compileStatement(statement: Statement): Execute {
  switch (statement.type) {
    case 'data': {
      const { text } = statement;
      return (_, output) => write(output, text);
    }
    case 'print': {
      const evaluate = compileExpression(statement.expression);
      return (scope, output) => {
        const value = evaluate(scope);
        return write(output, typeof value === 'string' ? value : toText(value));
      };
    }
    case 'if':
      return compileIf(statement);
    case 'for':
      return compileFor(statement, { compileStatements, compileTarget });
    case 'set': {
      const assign = compileTarget(statement.target);
      const evaluate = compileExpression(statement.value);
      return (scope) => assign(scope, evaluate(scope));
    }
    case 'set-block': {
      const assign = compileTarget(statement.target);
      const render = compileToText(statement.body);
      const inside: Evaluate = (scope) => render(scope.inner());
      const evaluate = statement.filter === undefined ? inside : compileFilterChain(statement.filter, inside);
      return (scope) => assign(scope, evaluate(scope));
    }
    case 'with':
      return compileWith(statement);
    case 'macro': {
      const definition = compileMacro(statement.name, statement);
      return (scope) => {
        scope.set(definition.name, new Macro(definition, scope));
        return undefined;
      };
    }
    case 'call-block':
      return compileCallBlock(statement);
    case 'filter-block': {
      const render = compileToText(statement.body);
      const evaluate = compileFilterChain(statement.filter, (scope) => render(scope.inner()));
      return (scope, output) => write(output, toText(evaluate(scope)));
    }
    case 'block': {
      const execute = compileStatements(statement.body);
      const { isScoped } = statement;
      return (scope, output) => execute((isScoped ? scope : scope.root).inner(), output);
    }
    case 'do': {
      const evaluate = compileExpression(statement.expression);
      return (scope) => {
        evaluate(scope);
        return undefined;
      };
    }
    case 'break':
    case 'continue': {
      const { type } = statement;
      return () => type;
    }
  }
}

function write(output: Output, text: string): undefined {
  output.text += text;
}

function compileIf({ branches, otherwise }: Extract<Statement, { type: 'if' }>): Execute {
  const compiled = branches.map(({ test, body }) => ({
    test: compileExpression(test),
    execute: compileStatements(body),
  }));
  const executeOtherwise = compileStatements(otherwise);
  return (scope, output) => {
    for (const { test, execute } of compiled) {
      if (isTrue(test(scope))) return execute(scope, output);
    }
    return executeOtherwise(scope, output);
  };
}

function compileWith({ assignments, body }: Extract<Statement, { type: 'with' }>): Execute {
  const compiled = assignments.map(({ target, value }) => ({
    assign: compileTarget(target),
    evaluate: compileExpression(value),
  }));
  const execute = compileStatements(body);
  return (scope, output) => {
    const inner = scope.inner();
    // The values see what is around the statement, not one another.
    for (const { assign, evaluate } of compiled) assign(inner, evaluate(scope));
    return execute(inner, output);
  };
}

function compileMacro(
  name: string,
  { parameters, body }: Pick<MacroStatement, 'parameters' | 'body'>,
): MacroDefinition {
  return {
    name,
    parameters: parameters.map((parameter) => ({
      name: parameter.name,
      default: parameter.default === undefined ? undefined : compileExpression(parameter.default),
    })),
    usedNames: findUses(body).names,
    render: compileToText(body),
  };
}

function compileCallBlock(statement: CallStatement): Execute {
  const caller = compileMacro('caller', statement);
  const callee = compileExpression(statement.call.callee);
  const given = compileArguments(statement.call.arguments, compileExpression);
  const name = describeExpression(statement.call.callee);
  return (scope, output) => {
    const called = demand(callee(scope));
    if (!(called instanceof Callable))
      throw new RenderFault(`"${name}" is ${describeType(called)} and cannot be called`);
    const { positional, keywords } = given(scope);
    const withCaller = new Map(keywords).set('caller', new Macro(caller, scope));
    return write(output, toText(called.invoke(positional, withCaller)));
  };
}

function compileTarget(target: Target): Assign {
  switch (target.type) {
    case 'name': {
      const { name } = target;
      return (scope, value) => {
        scope.set(name, value);
      };
    }
    case 'member': {
      const { name, member } = target;
      return (scope, value) => {
        const namespace = demand(scope.get(name));
        if (!(namespace instanceof Namespace))
          throw new RenderFault(`"${name}" is ${describeType(namespace)}; only members of a namespace can be set`);
        namespace.setMember(member, value);
      };
    }
    case 'tuple': {
      const assigns = target.items.map(compileTarget);
      return (scope, value) => {
        const items = readItems(demand(value));
        if (items.length !== assigns.length)
          throw new RenderFault(`${items.length} values cannot be assigned to ${assigns.length} names`);
        assigns.forEach((assign, index) => assign(scope, items[index]));
      };
    }
  }
}
