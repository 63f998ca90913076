import type { SourceLocation } from '../../contracts/evaluation-error.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import type { SecretReference } from '../../evaluation/spec/common.ts';
import { type ConfigNode, type ConfigPath, formatPath, mapChildren, visitScalars } from './config-node.ts';
import { parseVariable } from './expand-variables.ts';
import { findPlaceholders } from './placeholders.ts';
import type { Problems } from './problems.ts';

export interface Secrets {
  readonly root: ConfigNode;
  /** Every secret of the file by name: declared ones, and those that a credential field names as `$VAR`. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
}

/**
 * Turns what stands in credential fields (format 16.1) into references to secrets, and refuses literals there without
 * repeating them, secrets where they would be stored, and user-info in addresses.
 */
export function resolveCredentials(root: ConfigNode, problems: Problems): Secrets {
  const declared = new Map<string, { readonly variable: string; readonly location: SourceLocation | undefined }>();
  const declare = (name: string, variable: string, location: SourceLocation | undefined): void => {
    const first = declared.get(name);
    if (first === undefined) declared.set(name, { variable, location });
    else if (first.variable !== variable) {
      const line = first.location?.line === undefined ? '' : ` (see line ${first.location.line})`;
      problems.add(
        'config-secret',
        `The secret "${name}" is $${first.variable}${line} and $${variable} here.`,
        location,
        'Give one of them another name.',
      );
    }
  };
  // All declarations first: a secret may be used above the place that declares it.
  const withDeclarations = mapWithPath(root, (node, path) =>
    isSecretDeclaration(path) ? readDeclaration(node, path) : node,
  );
  const resolved = mapWithPath(withDeclarations, (node, path) => readField(node, path));
  reportMisplaced(resolved, problems);
  const secrets = [...declared].map(([name, { variable }]) => [name, { secret: name, variable }] as const);
  return { root: refuseUserInfo(resolved, problems), secrets: Object.fromEntries(secrets) };

  function readDeclaration(node: ConfigNode, path: ConfigPath): ConfigNode {
    const name = String(path.at(-1));
    if (node.kind === 'broken') return node;
    const variable = node.kind === 'scalar' && typeof node.value === 'string' ? parseVariable(node.value) : undefined;
    if (variable === undefined) {
      problems.add(
        'config-secret',
        `${formatPath(path)} is not the name of an environment variable.`,
        node.location,
        `Write ${name}: $${toVariableName(name)} and put the value into the environment or into .env.`,
      );
      return { ...node, kind: 'broken' };
    }
    declare(name, variable, node.location);
    return makeReference(node, name, variable);
  }

  function readField(node: ConfigNode, path: ConfigPath): ConfigNode {
    const kind = kindOfField(path);
    if (kind === undefined || node.kind === 'broken' || (node.kind === 'map' && node.isSecret)) return node;
    const text = node.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
    const placeholder = text === undefined ? undefined : findPlaceholders(text).find(({ word }) => word === 'secrets');
    if (placeholder?.isAlone) return useSecret(node, placeholder.name);
    // A mapping would be taken for a reference that this step has made.
    if (kind === 'literal-or-secret' && node.kind !== 'map') return node;
    const variable = text === undefined ? undefined : parseVariable(text);
    if (variable !== undefined) {
      declare(variable, variable, node.location);
      return makeReference(node, variable, variable);
    }
    const isHeader = path.includes('custom_headers');
    problems.add(
      'config-secret',
      `${formatPath(path)} takes << secrets.NAME >>${kind === 'secret' ? ' or $VAR, no literal value' : ' or text'}.`,
      node.location,
      isHeader
        ? 'Put the whole value of the header, such as "Bearer …", into a secret.'
        : 'Put the value into the environment or into .env, and its name here.',
    );
    return { ...node, kind: 'broken' };
  }

  function useSecret(node: ConfigNode, name: string): ConfigNode {
    const secret = declared.get(name);
    if (secret !== undefined) return makeReference(node, name, secret.variable);
    problems.add(
      'config-unknown-name',
      `<< secrets.${name} >> names no declared secret.`,
      node.location,
      suggestName(name, declared.keys()) ?? `Declare it: secrets: {${name}: $${toVariableName(name)}}.`,
    );
    return { ...node, kind: 'broken' };
  }
}

const credentialKeys: ReadonlySet<string> = new Set([
  'api_key',
  'client_secret',
  'access_key_id',
  'secret_access_key',
  'session_token',
]);

const entityLists: ReadonlySet<string | number | undefined> = new Set(['models', 'dataset_generators']);

function isSecretDeclaration(path: ConfigPath): boolean {
  if (path[0] === 'secrets') return path.length === 2;
  return path.length === 4 && entityLists.has(path[0]) && path[2] === 'secrets';
}

/** What a field takes: a secret only, or a literal as well; undefined for every other field. */
function kindOfField([list, , section, key = '', ...rest]: ConfigPath): 'secret' | 'literal-or-secret' | undefined {
  const name = String(key);
  if (list === 'datasets' && section === 'source') {
    if (rest.length === 0) return credentialKeys.has(name) ? 'secret' : undefined;
    return name === 'load_dataset_kwargs' && rest.length === 1 && rest[0] === 'token' ? 'secret' : undefined;
  }
  if (list !== 'models' || section !== 'config') return undefined;
  if (rest.length === 0) return credentialKeys.has(name) ? 'secret' : undefined;
  if (name === 'custom_headers' && rest.length === 1)
    return isCredentialHeader(String(rest[0])) ? 'secret' : 'literal-or-secret';
  if (name === 'environment' && rest.length === 1) return 'literal-or-secret';
  return name === 'tls_context' && rest.join('.') === 'validation_context.trusted_ca' ? 'literal-or-secret' : undefined;
}

function isCredentialHeader(name: string): boolean {
  return /^(?:authorization|proxy-authorization|cookie)$|api-key/i.test(name);
}

function makeReference(node: ConfigNode, secret: string, variable: string): ConfigNode {
  const place = { directory: node.directory, ...(node.location === undefined ? {} : { location: node.location }) };
  const text = (value: string) => ({ value: { ...place, kind: 'scalar', value } }) as const;
  return {
    ...place,
    kind: 'map',
    isSecret: true,
    entries: new Map([
      ['secret', text(secret)],
      ['variable', text(variable)],
    ]),
  };
}

/** Prompts and all the rest of a run config are stored, so a secret must not get there. */
function reportMisplaced(root: ConfigNode, problems: Problems): void {
  visitScalars(root, ({ value, location }, path) => {
    if (typeof value !== 'string') return;
    const used = findPlaceholders(value).find(({ word }) => word === 'secrets');
    if (used === undefined) return;
    problems.add(
      'config-secret',
      `${used.text} cannot stand in ${formatPath(path)}${used.isAlone ? '' : ', inside longer text'}.`,
      location,
      'A secret is the whole value of a credential field, of a custom header or of trusted_ca; everything else is stored.',
    );
  });
}

/** Literal credentials in addresses; also called when the environment has been put in. */
export function refuseUserInfo(root: ConfigNode, problems: Problems): ConfigNode {
  return mapWithPath(root, (node, path) => {
    if (node.kind !== 'scalar' || typeof node.value !== 'string' || path.includes('samples')) return node;
    if (!/^\s*[a-z][a-z0-9+.-]*:\/\/[^/\\?#\s]*@/i.test(node.value)) return node;
    problems.add(
      'config-secret',
      `The address in ${formatPath(path)} holds a user name or password.`,
      node.location,
      'Remove what stands before "@", and give the credential as api_key or as a secret header.',
    );
    return { ...node, kind: 'broken' };
  });
}

/** Rebuilds a tree from the top down; what `change` replaces is not looked into. */
function mapWithPath(
  node: ConfigNode,
  change: (node: ConfigNode, path: ConfigPath) => ConfigNode,
  path: ConfigPath = [],
): ConfigNode {
  const changed = change(node, path);
  return changed === node
    ? mapChildren(node, (child, segment) => mapWithPath(child, change, [...path, segment]))
    : changed;
}

function toVariableName(name: string): string {
  const upper = name.toUpperCase().replaceAll('-', '_');
  return /^[A-Z_]/.test(upper) ? upper : `_${upper}`;
}
