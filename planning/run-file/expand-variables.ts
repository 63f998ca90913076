import type { SourceLocation } from '../../contracts/evaluation-error.ts';
import { type ConfigNode, mapChildren } from './config-node.ts';
import type { Problems } from './problems.ts';
import type { Environment } from './read-environment.ts';

const variable = /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g;

/** Name of the variable that a text consists of (`$VAR`, `${VAR}`), if it is nothing else. */
export function parseVariable(text: string): string | undefined {
  const match = new RegExp(`^${variable.source}$`).exec(text);
  return match?.[1] ?? match?.[2];
}

/**
 * Puts the environment in place of `$VAR` and `${VAR}` (format 2). Credential fields are no longer text by then, so that
 * no value of a secret gets into the run config.
 */
export function expandVariables(node: ConfigNode, environment: Environment, problems: Problems): ConfigNode {
  if (node.kind === 'map' && node.isSecret) return node;
  if (node.kind !== 'scalar') return mapChildren(node, (child) => expandVariables(child, environment, problems));
  if (typeof node.value !== 'string' || node.isIncluded) return node;
  const value = expandText(node.value, environment, problems, node.location);
  if (value === undefined) return { ...node, kind: 'broken' };
  return value === node.value ? node : { ...node, value, isPlain: false, isExpanded: true };
}

/** The expanded text; undefined after an error has been reported. */
export function expandText(
  text: string,
  environment: Environment,
  problems: Problems,
  location: SourceLocation | undefined,
): string | undefined {
  if (!text.startsWith('$') || /\s/.test(text)) return text;
  const names = [...text.matchAll(variable)].map((match) => match[1] ?? match[2] ?? '');
  const secret = names.find((name) => /KEY|TOKEN|SECRET|PASSWORD/i.test(name));
  if (secret !== undefined) {
    problems.add(
      'config-secret',
      `$${secret} has the name of a secret, and its value would be stored here.`,
      location,
      `Declare it under secrets (secrets: {${secret}: $${secret}}) and write << secrets.${secret} >> in a field that takes one.`,
    );
    return undefined;
  }
  return text.replace(variable, (match, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare ?? '';
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value === undefined)
      problems.warn(`The environment variable ${name} is not set; "${match}" stays as it is.`, location);
    return value ?? match;
  });
}
