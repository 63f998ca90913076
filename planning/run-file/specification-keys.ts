import type { ConfigNode } from './config-node.ts';
import { textAt } from './config-node.ts';

/**
 * Keys of task specifications in order (format 5): the written one, else the task's key where that task occurs once, else
 * `<task key>_1`, `_2` … among the specifications without a key. Undefined where neither key is text.
 */
export function findSpecificationKeys(specifications: readonly ConfigNode[]): readonly (string | undefined)[] {
  const uses = new Map<string, number>();
  for (const specification of specifications) {
    const taskKey = textAt(specification, 'task_key');
    if (taskKey !== undefined) uses.set(taskKey, (uses.get(taskKey) ?? 0) + 1);
  }
  const numbered = new Map<string, number>();
  return specifications.map((specification) => {
    const key = textAt(specification, 'key');
    const taskKey = textAt(specification, 'task_key');
    if (key !== undefined || taskKey === undefined || uses.get(taskKey) === 1) return key ?? taskKey;
    const number = (numbered.get(taskKey) ?? 0) + 1;
    numbered.set(taskKey, number);
    return `${taskKey}_${number}`;
  });
}
