import type { JsonValue } from '../../contracts/json.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import type { Parameter } from '../../evaluation/spec/parameters.ts';

/** Keys that a `model` or `dataset` parameter may take. */
export interface DeclaredEntities {
  readonly model: ReadonlySet<string>;
  readonly dataset: ReadonlySet<string>;
}

/** The value of a parameter that is not given; text of `default_file_content` counts. */
export function findDefault(parameter: Parameter): JsonValue | undefined {
  if (parameter.default_value !== undefined && parameter.default_value !== null) return parameter.default_value;
  return parameter.type === 'string' ? parameter.default_file_content : undefined;
}

/** Why a value does not suit a parameter. */
export interface Fault {
  readonly code: 'config-invalid' | 'config-unknown-name';
  /** Continues a sentence that begins with the place. */
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What is wrong with a value for a parameter, if anything (format 6). Text is never converted. */
export function findFault(parameter: Parameter, value: JsonValue, declared: DeclaredEntities): Fault | undefined {
  if (value === null)
    return parameter.nullable ? undefined : mismatch('null', 'a value, since the parameter is not nullable');
  switch (parameter.type) {
    case 'int':
    case 'float':
      return findNumberFault(parameter, value);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : mismatch(show(value), 'true or false');
    case 'string':
    case 'dataset_column':
      return typeof value === 'string' ? undefined : mismatch(show(value), 'text');
    case 'model':
    case 'dataset':
      if (typeof value !== 'string') return mismatch(show(value), `the key of a ${parameter.type}`);
      if (declared[parameter.type].has(value)) return undefined;
      return {
        code: 'config-unknown-name',
        message: `is ${show(value)}, and no ${parameter.type} has that key`,
        hint: suggestName(value, declared[parameter.type]),
      };
    case 'list':
      if (!isList(value)) return mismatch(show(value), 'a list');
      return findElementFault(value.entries(), parameter.dtype);
    case 'dict':
      if (typeof value !== 'object' || isList(value)) return mismatch(show(value), 'a mapping');
      return findElementFault(Object.entries(value), parameter.value_dtype);
    case 'categorical':
      return findChoiceFault(parameter, value);
  }
}

function findNumberFault(
  { type, min, max }: Extract<Parameter, { type: 'int' | 'float' }>,
  value: JsonValue,
): Fault | undefined {
  if (typeof value !== 'number' || (type === 'int' && !Number.isSafeInteger(value))) {
    return mismatch(show(value), type === 'int' ? 'a whole number' : 'a number');
  }
  if (min !== undefined && value < min) return mismatch(show(value), `at least ${min}`);
  return max !== undefined && value > max ? mismatch(show(value), `at most ${max}`) : undefined;
}

type ElementType = Extract<Parameter, { type: 'list' }>['dtype'];

const elements: Readonly<Record<ElementType, { readonly words: string; readonly fits: (value: unknown) => boolean }>> =
  {
    string: { words: 'text', fits: (value) => typeof value === 'string' },
    integer: { words: 'a whole number', fits: Number.isSafeInteger },
    float: { words: 'a number', fits: (value) => typeof value === 'number' },
    boolean: { words: 'true or false', fits: (value) => typeof value === 'boolean' },
  };

function findElementFault(
  entries: Iterable<readonly [string | number, unknown]>,
  type: ElementType,
): Fault | undefined {
  for (const [name, value] of entries) {
    if (elements[type].fits(value)) continue;
    return {
      code: 'config-invalid',
      message: `has ${show(value)} at ${JSON.stringify(name)}; allowed there: ${elements[type].words}`,
    };
  }
  return undefined;
}

function findChoiceFault(parameter: Extract<Parameter, { type: 'categorical' }>, value: JsonValue): Fault | undefined {
  const allowed = parameter.allowed_values;
  if (parameter.multiple && !isList(value)) return mismatch(show(value), `a list of ${allowed.map(show).join(', ')}`);
  const chosen = parameter.multiple && isList(value) ? value : [value];
  const wrong = chosen.find((item) => !allowed.some((choice) => choice === item));
  if (wrong === undefined) return undefined;
  const hint = typeof wrong === 'string' ? suggestName(wrong, allowed.map(String)) : undefined;
  return { ...mismatch(show(wrong), `one of ${allowed.map(show).join(', ')}`), hint };
}

/** What the placeholder yields: for a categorical parameter the mapped values. */
export function mapValue(parameter: Parameter, value: JsonValue): JsonValue {
  if (parameter.type !== 'categorical' || parameter.values_mapping === undefined) return value;
  const mapping = parameter.values_mapping;
  const mapOne = (item: JsonValue): JsonValue => {
    const name = typeof item === 'string' ? item : JSON.stringify(item);
    return Object.hasOwn(mapping, name) ? (mapping[name] ?? null) : item;
  };
  return parameter.multiple && isList(value) ? value.map(mapOne) : mapOne(value);
}

/** What somebody who wrote such a value probably meant. */
export function hintFor(parameter: Parameter, value: JsonValue): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (parameter.type === 'boolean') return 'Write true or false, without quotes.';
  const isNumeric = value.trim() !== '' && Number.isFinite(Number(value));
  return (parameter.type === 'int' || parameter.type === 'float') && isNumeric ? 'Remove the quotes.' : undefined;
}

function mismatch(found: string, allowed: string): Fault {
  return { code: 'config-invalid', message: `is ${found}; allowed: ${allowed}` };
}

function show(value: unknown): string {
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'a mapping' : String(value);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
