import { suggestName } from '../../evaluation/nearest-name.ts';
import { placeholderModelKey } from '../../evaluation/spec/models.ts';
import { providerIds } from '../../evaluation/spec/providers.ts';
import { providerModelSchema } from '../../evaluation/spec/run-file.ts';
import {
  type ConfigNode,
  type ConfigPath,
  childOf,
  formatPath,
  fromValue,
  type MapEntry,
  type MapNode,
  mapChildren,
  textAt,
} from './config-node.ts';
import type { Problems } from './problems.ts';
import { validate } from './validate.ts';

/** `$provider` entries of `models` → provider connections (format 15.1); plain text there is refused. */
export function expandProviderModels(root: ConfigNode, problems: Problems): ConfigNode {
  return mapChildren(root, (child, key) =>
    key === 'models' && child.kind === 'list'
      ? mapChildren(child, (model, index) => expandModel(model, ['models', index], problems))
      : child,
  );
}

/** `openai/gpt-4.1-nano` → `openai$gpt-4-1-nano`. */
export function makeProviderModelKey(provider: string, model: string): string {
  return `${toKeyPart(provider)}$${toKeyPart(model)}`;
}

function toKeyPart(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

function expandModel(node: ConfigNode, path: ConfigPath, problems: Problems): ConfigNode {
  const broken: ConfigNode = { ...node, kind: 'broken' };
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    problems.add(
      'config-invalid',
      `${formatPath(path)} is plain text, which names no model.`,
      node.location,
      `Write {$provider: "<provider>/<model>"} for a model of a provider, or a mapping with key and config.`,
    );
    return broken;
  }
  if (node.kind !== 'map' || !node.entries.has('$provider')) return node;
  // Unknown keys are named here: beside $provider fewer are known than in a full definition.
  validate(providerModelSchema, node, { problems, path });
  const name = textAt(node, '$provider');
  const reference = childOf(node, '$provider') ?? node;
  if (name === undefined) return broken;
  const [, provider = '', model = ''] = /^([^/]*)\/(.+)$/.exec(name) ?? [];
  if (model === '') {
    problems.add(
      'config-invalid',
      `${formatPath(path)}.$provider is "${name}"; allowed: "<provider>/<model>".`,
      reference.location,
      `Providers: ${providerIds.join(', ')}.`,
    );
    return broken;
  }
  const key = makeProviderModelKey(provider, model);
  if (key === placeholderModelKey) return makeModel(node, key, { connection_type: 'placeholder' }, reference);
  if (provider === 'latticeflow') {
    problems.add(
      'config-invalid',
      `${formatPath(path)}.$provider names a model of a hosted platform, which Stet cannot reach.`,
      reference.location,
      'Name a provider, or define the connection.',
    );
    return broken;
  }
  if (!(providerIds as readonly string[]).includes(provider)) {
    problems.add(
      'config-unknown-name',
      `${formatPath(path)}.$provider names the unknown provider "${provider}".`,
      reference.location,
      suggestName(provider, providerIds),
    );
    return broken;
  }
  return makeModel(
    node,
    key,
    { connection_type: 'provider_connection', provider_id: provider, model_key: model },
    reference,
  );
}

function makeModel(
  node: MapNode,
  key: string,
  config: Readonly<Record<string, string>>,
  reference: ConfigNode,
): ConfigNode {
  const place = {
    directory: reference.directory,
    ...(reference.location === undefined ? {} : { location: reference.location }),
  };
  const known = Object.keys(providerModelSchema.shape).filter((name) => name !== '$provider');
  const kept = [...node.entries].filter(([name]) => known.includes(name));
  const made: (readonly [string, MapEntry])[] = [['config', { value: fromValue(config, place) }]];
  if (childOf(node, 'key') === undefined) made.push(['key', { value: fromValue(key, place) }]);
  return { ...node, entries: new Map([...kept, ...made]) };
}
