import { changingMethods } from './members.ts';
import type { Statement } from './syntax-tree.ts';

export interface Uses {
  /** Every name that is read anywhere. */
  readonly names: ReadonlySet<string>;
  /** Whether a list or mapping may be changed: the name of a method that does so occurs. */
  readonly changesData: boolean;
}

/** What statements use, bodies of macros included. A name that a statement sets is there too. */
export function findUses(statements: readonly Statement[]): Uses {
  const names = new Set<string>();
  let changesData = false;
  visit(statements);
  return { names, changesData };

  function visit(node: unknown): void {
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    const fields = node as Readonly<Record<string, unknown>>;
    const { type, name, value } = fields;
    if (type === 'name' && typeof name === 'string') names.add(name);
    const mentioned = type === 'attribute' ? name : type === 'constant' ? value : undefined;
    if (typeof mentioned === 'string' && changingMethods.has(mentioned)) changesData = true;
    for (const field of Object.values(fields)) visit(field);
  }
}
