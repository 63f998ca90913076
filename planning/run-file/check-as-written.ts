import { runFileSchema } from '../../evaluation/spec/run-file.ts';
import { type ConfigNode, type ConfigPath, childOf, itemsAt } from './config-node.ts';
import {
  checkBuiltInKeys,
  checkDefinitionKeys,
  checkReferences,
  checkUniqueKeys,
  type Declared,
  sections,
} from './declarations.ts';
import { checkDeclarations, parameterNames } from './parameters.ts';
import { checkPlaceholders } from './placeholders.ts';
import type { Problems } from './problems.ts';
import { validate } from './validate.ts';

/** Everything that can be said before placeholders are resolved, about used and unused declarations alike. */
export function checkAsWritten(root: ConfigNode, declared: Declared, problems: Problems): void {
  validate(runFileSchema, root, { problems, path: [] });
  checkReferences(runFileSchema, root, { path: [], declared, problems });
  for (const section of Object.values(sections)) checkUniqueKeys(itemsAt(root, section), [section], problems);
  checkBuiltInKeys(root, problems);
  if (root.kind !== 'map') return;
  for (const [key, { value }] of root.entries) {
    if (key === 'evaluation') checkScope(value, ['evaluation'], declared, problems);
    else if (key === 'tasks' && value.kind === 'list') {
      for (const [index, task] of value.items.entries()) {
        checkScope(task, ['tasks', index], declared, problems);
        checkDefinitionKeys(childOf(task, 'definition'), ['tasks', index, 'definition'], problems);
      }
    } else checkPlaceholders(value, { path: [key], known: undefined, problems });
  }
}

/** A task or an evaluation: its parameters, and the placeholders that may name them. */
function checkScope(node: ConfigNode, place: ConfigPath, declared: Declared, problems: Problems): void {
  const declarations = itemsAt(node, 'config_spec');
  const specificationPath = [...place, 'config_spec'];
  checkUniqueKeys(declarations, specificationPath, problems);
  checkDeclarations(declarations, specificationPath, { declared, problems });
  if (node.kind !== 'map') return;
  for (const [key, { value }] of node.entries) {
    const known = key === 'config_spec' ? undefined : parameterNames(declarations);
    checkPlaceholders(value, { path: [...place, key], known, problems });
  }
}
