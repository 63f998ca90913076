import { z } from 'zod';
import { listNames } from '../../evaluation/nearest-name.ts';
import { secretReferenceSchema } from '../../evaluation/spec/common.ts';
import type { ConfigNode, ConfigPath } from './config-node.ts';
import { type Schema, unwrap } from './schema-walk.ts';

const privateKeys: ReadonlySet<string | number> = new Set([
  'secrets',
  'custom_headers',
  'environment',
  'trusted_ca',
  'tls_context',
  'url',
  'base_url',
  'load_dataset_kwargs',
]);

/** What stands at a place, for a message. Where a secret may have gone astray only its type is said. */
export function describeFound(node: ConfigNode, path: ConfigPath): string {
  if (node.kind === 'list') return node.items.length === 0 ? 'an empty list' : 'a list';
  if (node.kind === 'map') return 'a mapping';
  if (node.kind === 'broken' || node.value === null) return 'null';
  if (typeof node.value !== 'string') return String(node.value);
  if (path.some((segment) => privateKeys.has(segment)) || looksLikeCredential(path.at(-1))) return 'text';
  const text = node.value.length > 60 ? `${node.value.slice(0, 60)}…` : node.value;
  return `the text ${JSON.stringify(text)}`;
}

/** What a schema takes, for a message. */
export function describeSchema(schema: Schema): string {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return listChoices(inner.options);
  if (inner instanceof z.ZodLiteral) return listChoices([...inner.values]);
  if (inner instanceof z.ZodString || inner instanceof z.ZodURL) return 'text';
  if (inner instanceof z.ZodNumber) return inner.format === 'safeint' ? 'a whole number' : 'a number';
  if (inner instanceof z.ZodBoolean) return 'true or false';
  if (inner instanceof z.ZodNull) return 'null';
  if (inner instanceof z.ZodArray) {
    const element = unwrap(inner.element);
    return element instanceof z.ZodString ? 'a list of text' : 'a list';
  }
  if (inner === secretReferenceSchema) return '<< secrets.NAME >>';
  if (inner instanceof z.ZodDiscriminatedUnion || inner instanceof z.ZodObject || inner instanceof z.ZodRecord)
    return 'a mapping';
  if (inner instanceof z.ZodUnion) return [...new Set(inner.options.map(describeSchema))].join(' or ');
  return 'another value';
}

/** `one of a, b, c`; the only choice alone. */
export function listChoices(choices: readonly unknown[]): string {
  const names = choices.map(String);
  return names.length === 1 ? `${names[0]}` : `one of ${listNames(names, 30)}`;
}

/** Whether a key names something whose value must not be repeated. */
export function looksLikeCredential(segment: string | number | undefined): boolean {
  return (
    typeof segment === 'string' &&
    /^(?!model_key|task_key).*(?:api_?key|token|secret|password|authorization)/i.test(segment)
  );
}
