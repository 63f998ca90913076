import { InvalidArgumentError } from 'commander';
import { isScalar, parseDocument } from 'yaml';
import type { JsonValue } from '../../contracts/json.ts';

export interface SetOption {
  readonly path: string;
  readonly value: JsonValue;
}

/** Collects one `--set PATH=VALUE`. */
export function collectSetOption(text: string, earlier: readonly SetOption[] = []): readonly SetOption[] {
  const equals = text.indexOf('=');
  const path = text.slice(0, equals).trim();
  if (equals < 0 || path === '') {
    throw new InvalidArgumentError(`"${text}" is not PATH=VALUE, such as run_config.num_samples=10.`);
  }
  return [...earlier, { path, value: parseSetValue(text.slice(equals + 1)) }];
}

/**
 * A value as the run file would read it: a YAML scalar, or a list or mapping in brackets. Nothing behind the equals sign
 * is null. What YAML would take for a block collection, such as `a: b`, is text.
 */
function parseSetValue(text: string): JsonValue {
  const document = parseDocument(text, { schema: 'core' });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    throw new InvalidArgumentError(
      `Value ${JSON.stringify(text)} cannot be read; quote it as YAML text, as in PATH='"…"'.`,
    );
  }
  const isFlowCollection = /^\s*[[{]/.test(text);
  if (document.contents !== null && !isScalar(document.contents) && !isFlowCollection) return text;
  const value = document.toJS() as JsonValue;
  checkNumbers(value);
  return value;
}

function checkNumbers(value: JsonValue | undefined): void {
  if (
    typeof value === 'number' &&
    (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
  ) {
    throw new InvalidArgumentError('A number is beyond double precision; quote it as YAML text.');
  }
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) checkNumbers(inner);
}
