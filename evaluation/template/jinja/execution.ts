import type { Scope } from './scope.ts';
import type { Target } from './syntax-tree.ts';

/** Where a template writes to. */
export interface Output {
  text: string;
}

/** How a statement ended: `break` and `continue` travel up to their loop. */
export type Ending = undefined | 'break' | 'continue';

/** What a statement becomes. */
export type Execute = (scope: Scope, output: Output) => Ending;

/** What the target of an assignment becomes. */
export type Assign = (scope: Scope, value: unknown) => undefined;
export type CompileTarget = (target: Target) => Assign;
