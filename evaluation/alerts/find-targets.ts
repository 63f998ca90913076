import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { suggestName } from '../nearest-name.ts';
import type { CompleteDefinition } from '../plan.ts';
import { predictMetricNames } from './metric-names.ts';
import type { Alert } from './parse-alert.ts';

/** The metric that an alert means in a task; null where it is about another task. */
export function findMetricOf({ subject }: Alert, taskKey: string, taskKeys: readonly string[]): string | null {
  const scoped = taskKeys.find((key) => subject.startsWith(`${key}.`));
  if (scoped === undefined) return subject;
  return scoped === taskKey ? subject.slice(scoped.length + 1) : null;
}

/**
 * Makes sure, before anything is spent, that an alert is about something: a metric that a task of the plan has. What metrics
 * whose names come from scores will be called cannot be known; an alert on one of those is judged when they are there.
 *
 * @throws {EvaluationError} `usage`, naming the nearest.
 */
export function checkAlert(
  alert: Alert,
  tasks: readonly { readonly key: string; readonly definition: CompleteDefinition }[],
): void {
  const taskKeys = tasks.map(({ key }) => key);
  const known: string[] = [];
  for (const { key, definition } of tasks) {
    const metric = findMetricOf(alert, key, taskKeys);
    const names = predictMetricNames(definition);
    if (metric !== null && (names === undefined || names.includes(metric))) return;
    known.push(...(names ?? []), ...(names ?? []).map((name) => `${key}.${name}`));
  }
  const names = [...new Set(known)];
  const hint = suggestName(alert.subject, names);
  throw new EvaluationError(
    'usage',
    `The alert "${alert.text}" is about "${alert.subject}", which no task of this evaluation has.`,
    hint === undefined ? {} : { hint },
  );
}
