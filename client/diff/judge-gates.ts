import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { findMetricOf } from '../../evaluation/alerts/find-targets.ts';
import { isApartFromZero } from '../../evaluation/alerts/judge-alert.ts';
import { type Alert, isBeyond, parseAlert } from '../../evaluation/alerts/parse-alert.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import type { GateDocument, MetricDiffDocument, TaskDiffDocument } from './diff-document.ts';

/** @throws {EvaluationError} `usage`. */
export function parseGates(texts: readonly string[]): readonly Alert[] {
  return texts.map((text) => parseAlert(text, 'condition'));
}

/**
 * Whether conditions hold, in every task that has their metric.
 *
 * @throws {EvaluationError} `usage` for a metric that no task has.
 */
export function judgeGates(gates: readonly Alert[], tasks: readonly TaskDiffDocument[]): readonly GateDocument[] {
  const keys = tasks.map(({ second }) => second.task);
  return gates.flatMap((gate) => {
    const found = tasks.flatMap((task): GateDocument[] => {
      const name = findMetricOf(gate, task.second.task, keys);
      const metric = task.metrics.find((candidate) => candidate.metric === name);
      return metric === undefined ? [] : [judgeGate(gate, task.second.task, metric)];
    });
    if (found.length > 0) return found;
    const hint = suggestName(gate.subject, listNames(tasks));
    throw new EvaluationError(
      'usage',
      `The condition "${gate.text}" is about "${gate.subject}", which no compared task has.`,
      hint === undefined ? {} : { hint },
    );
  });
}

function listNames(tasks: readonly TaskDiffDocument[]): readonly string[] {
  const names = tasks.flatMap(({ second, metrics }) =>
    metrics.flatMap(({ metric }) => [metric, ...(tasks.length === 1 ? [] : [`${second.task}.${metric}`])]),
  );
  return [...new Set(names)];
}

function judgeGate(gate: Alert, task: string, metric: MetricDiffDocument): GateDocument {
  const { text, isDifference } = gate;
  const result = (verdict: GateDocument['verdict'], sentence: string): GateDocument => ({
    condition: text,
    task,
    metric: metric.metric,
    verdict,
    sentence,
  });
  if (!isDifference) {
    if (metric.second === null) return result('unjudged', `${metric.metric} of ${task} has no value.`);
    const verdict = isBeyond(gate, metric.second) ? 'failed' : 'passed';
    return result(verdict, `${metric.metric} of ${task} is ${format(metric.second)}.`);
  }
  if (metric.difference === null || metric.interval === null) {
    const reason = metric.reason ?? 'there is no difference';
    return result('unjudged', `${metric.metric} of ${task} cannot be compared: ${reason}.`);
  }
  const [lower, upper] = metric.interval;
  const range = `${formatSigned(metric.difference)} (from ${formatSigned(lower)} to ${formatSigned(upper)})`;
  const isFailed = isBeyond(gate, metric.difference) && isApartFromZero(gate, metric.interval);
  return result(isFailed ? 'failed' : 'passed', `${metric.metric} of ${task} differs by ${range}.`);
}

function formatSigned(value: number): string {
  return value > 0 ? `+${format(value)}` : format(value);
}

function format(value: number): string {
  return String(Number(value.toPrecision(4)));
}
