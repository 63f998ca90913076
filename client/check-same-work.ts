import type { CachePolicy } from '../contracts/cache-policy.ts';
import { ConfigurationError, EvaluationError, type SourceLocation } from '../contracts/evaluation-error.ts';
import type { Plan } from '../evaluation/plan.ts';
import { describeField } from '../evaluation/reuse/describe-difference.ts';
import { findDifferences } from '../evaluation/reuse/explain-difference.ts';
import type { PlannedKeys } from '../storage/run-log.ts';

/**
 * Checks that a plan may take the place of a run's: the same specifications with the same solver keys under the same
 * policy, so that every solver output stands.
 *
 * @throws {ConfigurationError} `resume-mismatch`, for every specification at once, naming the field.
 */
export function checkSameWork(
  run: { readonly runId: string; readonly policy: CachePolicy; readonly tasks: readonly PlannedKeys[] },
  plan: Plan,
  place: { readonly hint: string; locationOf(key: string): SourceLocation | undefined },
): void {
  const problems: EvaluationError[] = [];
  const add = (message: string, key?: string, hint = place.hint): void => {
    const location = key === undefined ? undefined : place.locationOf(key);
    problems.push(
      new EvaluationError('resume-mismatch', message, { hint, ...(location === undefined ? {} : { location }) }),
    );
  };
  if (plan.cache_policy !== run.policy) {
    add(
      `run_config.cache_policy is ${plan.cache_policy}, and that of run ${run.runId} is ${run.policy}.`,
      undefined,
      `Add --cache-policy ${run.policy}.`,
    );
  }
  const before = new Map(run.tasks.map((task) => [task.key, task]));
  for (const task of plan.tasks) {
    const earlier = before.get(task.key);
    if (earlier === undefined) {
      add(
        `Run ${run.runId} has no task specification "${task.key}"; it has ${[...before.keys()].join(', ')}.`,
        task.key,
      );
    } else if (earlier.solverKey !== task.solver_key) {
      const [first, ...others] = findDifferences(earlier.solverFingerprint, task.solver_fingerprint);
      const context = {
        before: earlier.solverFingerprint,
        after: task.solver_fingerprint,
        modelKey: task.model_key,
      };
      const field = first === undefined ? '' : ` ${describeField(first, context)}`;
      const more = others.length === 0 ? '' : ` There are ${others.length} more differences.`;
      add(`Task specification "${task.key}" is solved otherwise than in run ${run.runId}.${field}${more}`, task.key);
    }
  }
  const present = new Set(plan.tasks.map(({ key }) => key));
  for (const key of before.keys()) {
    if (!present.has(key))
      add(`Run ${run.runId} has the task specification "${key}", which is not among those of the file.`);
  }
  const [first, ...rest] = problems;
  if (first !== undefined) throw new ConfigurationError([first, ...rest]);
}
