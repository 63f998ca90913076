import type { CompleteMetric } from '../plan.ts';

/** The fields of scores that a metric reads. */
export function listFields(spec: CompleteMetric): string[] {
  return Object.entries(spec).flatMap(([name, value]) =>
    (name.startsWith('field') || name.endsWith('_field')) && typeof value === 'string' ? [value] : [],
  );
}
