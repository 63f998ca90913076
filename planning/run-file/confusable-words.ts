import { z } from 'zod';
import { parameterSchema } from '../../evaluation/spec/parameters.ts';
import { runFileSchema } from '../../evaluation/spec/run-file.ts';
import { type ConfigNode, childOf, itemsAt, textAt, visitScalars } from './config-node.ts';
import { listsWord } from './parameters.ts';
import type { Problems } from './problems.ts';
import { type Schema, unwrap, visitWithSchema } from './schema-walk.ts';
import { parse } from './validate.ts';

/** Warns of unquoted `yes`, `no`, `on` and `off` (format 2), which are text, except where a field takes that very word. */
export function warnOfConfusableWords(root: ConfigNode, problems: Problems): void {
  const expected = new Set<ConfigNode>();
  visitWithSchema(runFileSchema, root, (node, schema) => {
    if (node.kind === 'scalar' && typeof node.value === 'string' && takesWord(schema, node.value)) expected.add(node);
  });
  for (const node of findCategoricalValues(root)) expected.add(node);
  visitScalars(root, (node) => {
    if (!node.isPlain || typeof node.value !== 'string' || expected.has(node)) return;
    if (!/^(?:yes|no|on|off)$/i.test(node.value)) return;
    problems.warn(
      `${node.value} is text here, not true or false; put quotes around it if that is meant.`,
      node.location,
    );
  });
}

function takesWord(schema: Schema, word: string): boolean {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return inner.options.includes(word);
  return inner instanceof z.ZodLiteral && inner.values.has(word);
}

/** Values of categorical parameters whose allowed values list them. */
function* findCategoricalValues(root: ConfigNode): Generator<ConfigNode> {
  const evaluation = childOf(root, 'evaluation');
  const tasks = itemsAt(root, 'tasks');
  yield* findListed(itemsAt(evaluation, 'config_spec'), childOf(root, 'config'));
  for (const specification of itemsAt(evaluation, 'task_specifications')) {
    const task = tasks.find((candidate) => textAt(candidate, 'key') === textAt(specification, 'task_key'));
    yield* findListed(itemsAt(task, 'config_spec'), childOf(specification, 'task_config'));
  }
}

function* findListed(declarations: readonly ConfigNode[], values: ConfigNode | undefined): Generator<ConfigNode> {
  for (const declaration of declarations) {
    const parameter = parse(parameterSchema, declaration);
    const value = parameter === undefined ? undefined : childOf(values, parameter.key);
    if (parameter === undefined || value === undefined) continue;
    for (const node of value.kind === 'list' ? value.items : [value]) {
      if (node.kind === 'scalar' && listsWord(parameter, String(node.value))) yield node;
    }
  }
}
