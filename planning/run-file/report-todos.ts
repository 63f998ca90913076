import { type ConfigNode, mapChildren, visitScalars } from './config-node.ts';
import type { Problems } from './problems.ts';

/** Every value that holds `((TODO))` is an error (format 2), in included text, too. */
export function reportTodos(root: ConfigNode, problems: Problems): ConfigNode {
  visitScalars(root, ({ value, location }) => {
    if (typeof value !== 'string' || !value.includes('((TODO))')) return;
    problems.add('config-invalid', '((TODO)) is still to be filled in.', location, 'Write what belongs there.');
  });
  return breakTodos(root);
}

/** A value that is nothing else has no type yet; text around it can be checked as it is. */
function breakTodos(node: ConfigNode): ConfigNode {
  if (node.kind === 'scalar') return String(node.value).trim() === '((TODO))' ? { ...node, kind: 'broken' } : node;
  return mapChildren(node, breakTodos);
}
