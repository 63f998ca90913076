import type { SourceLocation } from '../../contracts/evaluation-error.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import { type Parameter, parameterSchema } from '../../evaluation/spec/parameters.ts';
import { type ConfigNode, type ConfigPath, childOf, formatPath, toValue } from './config-node.ts';
import { type DeclaredEntities, findDefault, findFault, hintFor, mapValue } from './parameter-value.ts';
import { hasPlaceholder, type ParameterValue } from './placeholders.ts';
import type { Problems } from './problems.ts';
import { parse } from './validate.ts';

export interface FilledParameter {
  readonly parameter: Parameter;
  readonly value: ParameterValue;
  /** Where the value was given, or its default declared. */
  readonly location?: SourceLocation;
}

interface FillOptions {
  /** The list under `config_spec`. */
  readonly declarations: readonly ConfigNode[];
  /** The mapping of values; undefined where there is none. */
  readonly values: ConfigNode | undefined;
  readonly valuesPath: ConfigPath;
  /** Where a missing value is to be added. */
  readonly location: SourceLocation | undefined;
  readonly declared: DeclaredEntities;
  readonly problems: Problems;
}

/** Values of declared parameters (format 6): given, else the default, else null where that is allowed. */
export function fillParameters(options: FillOptions): ReadonlyMap<string, FilledParameter> {
  const { declarations, values, valuesPath, problems, declared } = options;
  const filled = new Map<string, FilledParameter>();
  const known = parameterNames(declarations);
  for (const declaration of declarations) {
    const parameter = parse(parameterSchema, declaration);
    if (parameter === undefined || filled.has(parameter.key)) continue; // reported where it is declared
    const given = childOf(values, parameter.key);
    filled.set(parameter.key, { parameter, ...fillOne(parameter, given, declaration, options) });
  }
  if (values?.kind === 'map') {
    for (const [key, { keyLocation, value }] of values.entries) {
      if (known.includes(key)) continue;
      problems.add(
        'config-unknown-name',
        `"${key}" in ${formatPath(valuesPath)} is no parameter of config_spec.`,
        keyLocation ?? value.location,
        suggestName(key, known) ?? 'config_spec declares no parameter.',
      );
    }
  }
  return filled;

  function fillOne(
    parameter: Parameter,
    given: ConfigNode | undefined,
    declaration: ConfigNode,
    { location }: FillOptions,
  ): Omit<FilledParameter, 'parameter'> {
    const broken = { value: { isBroken: true } } as const;
    if (given?.kind === 'broken') return broken;
    if (given !== undefined) {
      const value = toValue(given);
      if (hasPlaceholder(value)) return broken; // reported with the placeholder
      const fault = findFault(parameter, value, declared);
      if (fault === undefined) return withLocation({ value: { value: mapValue(parameter, value) } }, given.location);
      problems.add(
        fault.code,
        `${formatPath([...valuesPath, parameter.key])} ${fault.message}.`,
        given.location,
        fault.hint ?? hintFor(parameter, value),
      );
      return broken;
    }
    const fallback = findDefault(parameter);
    if (fallback !== undefined) {
      if (findFault(parameter, fallback, declared) !== undefined) return broken; // reported where it is declared
      const place =
        childOf(declaration, 'default_value') ?? childOf(declaration, 'default_file_content') ?? declaration;
      return withLocation({ value: { value: mapValue(parameter, fallback) } }, place.location);
    }
    if (parameter.nullable) return { value: { value: null } };
    problems.add(
      'config-invalid',
      `Parameter "${parameter.key}" has no value: ${formatPath(valuesPath)} does not give one and config_spec has no default.`,
      location,
      `Add ${formatPath([...valuesPath, parameter.key])}.`,
    );
    return broken;
  }
}

/** Names that placeholders may use, also where a declaration has errors in it. */
export function parameterNames(declarations: readonly ConfigNode[]): readonly string[] {
  return declarations.flatMap((declaration) => {
    const key = childOf(declaration, 'key');
    return key?.kind === 'scalar' ? [String(key.value)] : [];
  });
}

/** What the schema cannot see: defaults that their own parameter would refuse, bounds, names of mapped values. */
export function checkDeclarations(
  declarations: readonly ConfigNode[],
  path: ConfigPath,
  { declared, problems }: Pick<FillOptions, 'declared' | 'problems'>,
): void {
  for (const [index, declaration] of declarations.entries()) {
    const parameter = parse(parameterSchema, declaration);
    if (parameter === undefined) continue;
    const name = formatPath([...path, index]);
    const fallback = findDefault(parameter);
    const fault = fallback === undefined ? undefined : findFault(parameter, fallback, declared);
    if (fault !== undefined) {
      const place = childOf(declaration, 'default_value') ?? declaration;
      problems.add(fault.code, `${name}.default_value ${fault.message}.`, place.location, fault.hint);
    }
    if (
      (parameter.type === 'int' || parameter.type === 'float') &&
      parameter.min !== undefined &&
      parameter.max !== undefined &&
      parameter.min > parameter.max
    ) {
      problems.add(
        'config-invalid',
        `${name}.min is ${parameter.min} and above max, ${parameter.max}.`,
        childOf(declaration, 'min')?.location,
      );
    }
    if (parameter.type === 'categorical') {
      const allowed = parameter.allowed_values.map(String);
      for (const key of Object.keys(parameter.values_mapping ?? {})) {
        if (allowed.includes(key)) continue;
        problems.add(
          'config-unknown-name',
          `${name}.values_mapping has "${key}", which is not in allowed_values.`,
          childOf(declaration, 'values_mapping')?.location,
          suggestName(key, allowed),
        );
      }
    }
  }
}

/** Whether a parameter takes a word such as `off` by name, so that nobody need be warned of it. */
export function listsWord(parameter: Parameter, word: string): boolean {
  return parameter.type === 'categorical' && parameter.allowed_values.includes(word);
}

function withLocation<T extends object>(
  filled: T,
  location: SourceLocation | undefined,
): T & { location?: SourceLocation } {
  return location === undefined ? filled : { ...filled, location };
}
