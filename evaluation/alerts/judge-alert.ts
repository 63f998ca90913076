import type { AlertDifference, AlertFinding } from '../../contracts/alert-finding.ts';
import { type Alert, isBeyond } from './parse-alert.ts';

/** What there is to judge an alert by, in one task. */
export interface AlertEvidence {
  readonly task: string;
  readonly metric: string;
  readonly value: number | null;
  /** Null where there is none yet. */
  readonly baseline: { readonly run: string; readonly value: number | null } | null;
  /** The difference, or why there is none; null without a baseline, and where none is asked for. */
  readonly difference: AlertDifference | { readonly reason: string } | null;
}

/**
 * Whether an alert fires.
 *
 * About a value: when it is beyond the threshold. About a difference: when the difference is beyond the threshold *and*
 * its interval lies wholly on that side of zero. So a change must be as large as was asked for, and be none that noise
 * makes; an interval wholly beyond the threshold is not asked for, since that would hide a fall of just that size for ever.
 */
export function judgeAlert(alert: Alert, evidence: AlertEvidence): AlertFinding {
  const { task, metric, value, baseline, difference } = evidence;
  const finding = {
    alert: alert.text,
    task,
    metric,
    value,
    baseline_run: baseline?.run ?? null,
    baseline_value: baseline?.value ?? null,
    difference: difference === null || 'reason' in difference ? null : difference,
  };
  if (value === null) return { ...finding, verdict: 'unjudged', sentence: `${metric} of ${task} has no value.` };
  if (!alert.isDifference) {
    const verdict = isBeyond(alert, value) ? 'fired' : 'quiet';
    return { ...finding, verdict, sentence: `${metric} of ${task} is ${format(value)}.` };
  }
  if (baseline === null || difference === null) {
    return { ...finding, verdict: 'no-baseline', sentence: `There is no earlier run to compare ${task} with.` };
  }
  if ('reason' in difference) {
    const sentence = `${metric} of ${task} cannot be compared with run ${baseline.run}: ${difference.reason}.`;
    return { ...finding, verdict: 'unjudged', sentence };
  }
  const isFired = isBeyond(alert, difference.estimate) && isApartFromZero(alert, difference.interval);
  const sentence = `${metric} of ${task} differs by ${describe(difference)} from run ${baseline.run}.`;
  return { ...finding, verdict: isFired ? 'fired' : 'quiet', sentence };
}

/** An alert for which no task of the run has anything. */
export function makeUnjudged(alert: Alert, sentence: string): AlertFinding {
  return {
    alert: alert.text,
    task: null,
    metric: alert.subject,
    verdict: 'unjudged',
    value: null,
    baseline_run: null,
    baseline_value: null,
    difference: null,
    sentence,
  };
}

/** Whether an interval lies wholly on the side of zero that an alert is about. */
export function isApartFromZero(
  { operator }: Pick<Alert, 'operator'>,
  [lower, upper]: AlertDifference['interval'],
): boolean {
  return operator.startsWith('<') ? upper < 0 : lower > 0;
}

function describe({ estimate, interval: [lower, upper], pairs }: AlertDifference): string {
  return `${formatSigned(estimate)} (95 % from ${formatSigned(lower)} to ${formatSigned(upper)}, ${pairs} samples)`;
}

function formatSigned(value: number): string {
  return value > 0 ? `+${format(value)}` : format(value);
}

function format(value: number): string {
  return String(Number(value.toPrecision(4)));
}
