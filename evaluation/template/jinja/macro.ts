import type { Evaluate } from './compile-arguments.ts';
import { RenderFault } from './faults.ts';
import type { Scope } from './scope.ts';
import { Callable, type Keywords, makeTuple, Undefined } from './values.ts';

export interface CompiledParameter {
  readonly name: string;
  readonly default: Evaluate | undefined;
}

/** A macro with the variables around it. */
export interface MacroDefinition {
  readonly name: string;
  readonly parameters: readonly CompiledParameter[];
  /** Which of the names `varargs`, `kwargs` and `caller` the body uses: only then does it take what they stand for. */
  readonly usedNames: ReadonlySet<string>;
  readonly render: (scope: Scope) => string;
}

export class Macro extends Callable {
  readonly name: string;
  readonly #definition: MacroDefinition;
  readonly #scope: Scope;

  constructor(definition: MacroDefinition, scope: Scope) {
    super();
    this.name = definition.name;
    this.#definition = definition;
    this.#scope = scope;
  }

  invoke(positional: readonly unknown[], keywords: Keywords): string {
    const { parameters, usedNames, render } = this.#definition;
    this.#scope.rendering.countRound();
    const inner = this.#scope.inner();
    const rest = new Map(keywords);
    if (usedNames.has('caller')) {
      inner.set('caller', rest.get('caller') ?? new Undefined('caller'));
      rest.delete('caller');
    }
    parameters.forEach((parameter, index) => {
      if (index < positional.length && rest.has(parameter.name))
        throw new RenderFault(`"${this.name}" got the argument "${parameter.name}" twice`);
      const given = index < positional.length ? positional[index] : rest.get(parameter.name);
      rest.delete(parameter.name);
      const value = given === undefined ? parameter.default?.(inner) : given;
      inner.set(parameter.name, value === undefined ? new Undefined(parameter.name) : value);
    });
    const further = positional.slice(parameters.length);
    if (usedNames.has('varargs')) inner.set('varargs', makeTuple(further));
    else if (further.length > 0)
      throw new RenderFault(`"${this.name}" takes at most ${parameters.length} arguments, got ${positional.length}`);
    const [unknownName] = rest.keys();
    if (usedNames.has('kwargs')) inner.set('kwargs', rest);
    else if (unknownName !== undefined) throw new RenderFault(`"${this.name}" has no argument "${unknownName}"`);
    return render(inner);
  }
}
