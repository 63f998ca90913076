import type { JsonValue } from '../../../../contracts/json.ts';
import { setAt } from '../../../support/zod-arbitrary.ts';
import { cloneHost } from './host-run.ts';
import { type PlannedRun, type PlanOptions, planRun } from './plan-run.ts';

export type Change = 'none' | 'result only' | 'both';

/** Which keys of the first task specification differ. */
export function compareKeys(before: PlannedRun, after: PlannedRun): Change {
  if (before.task.solver_key !== after.task.solver_key) {
    if (before.task.result_key === after.task.result_key) throw new Error('A result key must contain its solver key.');
    return 'both';
  }
  return before.task.result_key === after.task.result_key ? 'none' : 'result only';
}

/** What becomes of the keys when a run config is planned as one and as another. */
export async function findChange(
  before: JsonValue,
  after: JsonValue,
  options: { readonly before?: PlanOptions; readonly after?: PlanOptions } = {},
): Promise<Change> {
  const anywhere = { workingDirectory: '/' };
  return compareKeys(
    await planRun(before, options.before ?? anywhere),
    await planRun(after, options.after ?? options.before ?? anywhere),
  );
}

/** The host with values at dotted paths; undefined takes out what is there. */
export function changeHost(changes: Readonly<Record<string, JsonValue | undefined>>): JsonValue {
  return Object.entries(changes).reduce<JsonValue>(
    (run, [path, value]) => setAt(run, parsePath(path), value),
    cloneHost(),
  );
}

function parsePath(path: string): (string | number)[] {
  return path.split('.').map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
}
