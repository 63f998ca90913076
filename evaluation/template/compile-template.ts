import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { strip } from './jinja/characters.ts';
import { compileExpression } from './jinja/compile-expression.ts';
import { compileStatements } from './jinja/compile-statement.ts';
import { RenderFault, SyntaxFault, UndefinedFault } from './jinja/faults.ts';
import { tokenize } from './jinja/lexer.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { Rendering, Scope } from './jinja/scope.ts';
import type { Statement } from './jinja/syntax-tree.ts';
import { toJson } from './jinja/to-json.ts';
import { findUses } from './jinja/used-names.ts';
import { Undefined } from './jinja/values.ts';
import type { Template, TemplateNames, ValueTemplate } from './template.ts';

export { templateEngineRevision } from './template-engine-revision.ts';

/**
 * Compiles Jinja text (format 3.3), to be rendered any number of times.
 *
 * @param path - Where the template stands in the run file, for people: `solver.input_builder.input_messages[1].content`.
 * @throws {EvaluationError} `template-syntax` for everything that can never work, with path and template line.
 */
export function compileTemplate(source: string, path: string): Template {
  return atCompileTime(path, () => new CompiledTemplate(parseTemplate(source), path));
}

/**
 * Compiles an expression that keeps its type (format 3.3): one single `{{ … }}`, blanks around it aside, yields the typed
 * value; anything else is text.
 *
 * @throws {EvaluationError} `template-syntax`, also where there is no `{{` at all.
 */
export function compileValueTemplate(source: string, path: string): ValueTemplate {
  return atCompileTime(path, () => {
    if (!tokenize(source).some(({ kind }) => kind === 'print-begin')) {
      throw new SyntaxFault('an expression needs "{{ … }}"', 1, `Write "{{ ${strip(source) || 'sample.column'} }}".`);
    }
    const statements = parseTemplate(source);
    const [only, more] = statements.filter((statement) => statement.type !== 'data' || strip(statement.text) !== '');
    const isSingle = only?.type === 'print' && more === undefined;
    return isSingle ? new CompiledExpression(only, path) : new TextAsValue(new CompiledTemplate(statements, path));
  });
}

class CompiledTemplate implements Template {
  readonly #path: string;
  readonly #execute: ReturnType<typeof compileStatements>;
  readonly #changesData: boolean;

  constructor(statements: readonly Statement[], path: string) {
    this.#path = path;
    this.#execute = compileStatements(statements);
    this.#changesData = findUses(statements).changesData;
  }

  render(names: TemplateNames, sampleId: string): string {
    try {
      const output = { text: '' };
      this.#execute(new Scope(new Rendering(names, this.#changesData)), output);
      return output.text;
    } catch (fault) {
      throw toSampleError(fault, this.#path, sampleId);
    }
  }
}

class CompiledExpression implements ValueTemplate {
  readonly #path: string;
  readonly #evaluate: ReturnType<typeof compileExpression>;
  readonly #changesData: boolean;

  constructor(statement: Extract<Statement, { type: 'print' }>, path: string) {
    this.#path = path;
    this.#evaluate = compileExpression(statement.expression);
    this.#changesData = findUses([statement]).changesData;
  }

  evaluate(names: TemplateNames, sampleId: string): ReturnType<ValueTemplate['evaluate']> {
    try {
      return toJson(this.#run(names));
    } catch (fault) {
      throw toSampleError(fault, this.#path, sampleId);
    }
  }

  isDefined(names: TemplateNames, sampleId: string): boolean {
    try {
      return !(this.#run(names) instanceof Undefined);
    } catch (fault) {
      if (fault instanceof UndefinedFault) return false;
      throw toSampleError(fault, this.#path, sampleId);
    }
  }

  #run(names: TemplateNames): unknown {
    return this.#evaluate(new Scope(new Rendering(names, this.#changesData)));
  }
}

/** Mixed text and expressions: always text, and defined if all of it is. */
class TextAsValue implements ValueTemplate {
  readonly #template: CompiledTemplate;

  constructor(template: CompiledTemplate) {
    this.#template = template;
  }

  evaluate(names: TemplateNames, sampleId: string): string {
    return this.#template.render(names, sampleId);
  }

  isDefined(names: TemplateNames, sampleId: string): boolean {
    try {
      this.#template.render(names, sampleId);
      return true;
    } catch (error) {
      if (error instanceof EvaluationError && error.code === 'template-undefined') return false;
      throw error;
    }
  }
}

function atCompileTime<Compiled>(path: string, compile: () => Compiled): Compiled {
  try {
    return compile();
  } catch (fault) {
    if (fault instanceof SyntaxFault) {
      const options = fault.hint === undefined ? {} : { hint: fault.hint };
      throw new EvaluationError('template-syntax', `template ${path}, line ${fault.line}: ${fault.message}`, options);
    }
    if (fault instanceof RangeError)
      throw new EvaluationError('template-syntax', `template ${path}: it is nested too deeply`);
    throw fault;
  }
}

function toSampleError(fault: unknown, path: string, sampleId: string): unknown {
  const place = `template ${path}, sample ${sampleId}`;
  if (fault instanceof UndefinedFault) {
    const options = fault.hint === undefined ? {} : { hint: fault.hint };
    return new EvaluationError('template-undefined', `${place}: ${fault.message}`, options);
  }
  if (fault instanceof RenderFault) {
    const line = fault.line === undefined ? '' : `, line ${fault.line}`;
    return new EvaluationError('template-failed', `${place}${line}: ${fault.message}`);
  }
  // Endless recursion and texts beyond what the runtime can hold.
  if (fault instanceof RangeError)
    return new EvaluationError('template-failed', `${place}: it nests too deeply or writes too much`);
  return fault;
}
