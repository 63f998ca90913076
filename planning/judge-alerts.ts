import type { AlertFinding, RunAlerts } from '../contracts/alert-finding.ts';
import type { Digest } from '../contracts/digest.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { findMetricOf } from '../evaluation/alerts/find-targets.ts';
import { type AlertEvidence, judgeAlert, makeUnjudged } from '../evaluation/alerts/judge-alert.ts';
import { findMetricOrigins, type MetricOrigin } from '../evaluation/alerts/metric-names.ts';
import { type Alert, parseAlert } from '../evaluation/alerts/parse-alert.ts';
import type { Comparison } from '../evaluation/compare/stream/comparison.ts';
import { createComparison } from '../evaluation/compare/stream/create-comparison.ts';
import { pairByKey } from '../evaluation/compare/stream/pair-by-key.ts';
import type { MetricResult } from '../evaluation/metric-value.ts';
import { countsInMetrics } from '../evaluation/metrics/compute-metrics.ts';
import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import type { ScoredSample } from '../evaluation/score.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { findPairingObstacle, readScoredSamples } from './scored-samples.ts';

/** A completed task result with what an alert needs of it. */
interface JudgedTask {
  readonly record: TaskResultRecord;
  readonly task: PlannedTaskSpecification;
  readonly origins: ReadonlyMap<string, MetricOrigin>;
}

interface Target {
  readonly alert: Alert;
  readonly metric: string;
  readonly origin: MetricOrigin;
}

/**
 * Judges the alerts of a run whose task results have ended: metrics against thresholds, and against those of a baseline,
 * paired by sample. Scores are read one segment at a time, once for all alerts on a task.
 */
export async function judgeAlerts(
  store: Store,
  run: RunRecord,
  { alerts, baseline }: Pick<RunAlerts, 'alerts' | 'baseline'>,
): Promise<AlertFinding[]> {
  const plans = new Map<Digest, Promise<Plan>>();
  const isNamed = baseline !== 'previous' && baseline !== 'first';
  return judgeAll();

  async function judgeAll(): Promise<AlertFinding[]> {
    const parsed = alerts.map((text) => parseAlert(text));
    const records = await store.results.listTaskResults(run.runId);
    const keys = records.map(({ key }) => key);
    const judged = new Map<Alert, AlertFinding[]>(parsed.map((alert) => [alert, []]));
    for (const record of records) {
      const about = parsed.filter((alert) => findMetricOf(alert, record.key, keys) !== null);
      try {
        const present = await readTask(run, record);
        if (present === undefined) continue;
        const targets = about.flatMap((alert): Target[] => {
          const metric = findMetricOf(alert, record.key, keys);
          const origin = metric === null ? undefined : present.origins.get(metric);
          return metric === null || origin === undefined ? [] : [{ alert, metric, origin }];
        });
        for (const [alert, finding] of await judgeTask(present, targets)) judged.get(alert)?.push(finding);
      } catch (error) {
        if (!isLost(error)) throw error;
        for (const alert of about) judged.get(alert)?.push(makeUnjudged(alert, `${record.key}: ${error.message}`));
      }
    }
    return [...judged].flatMap(([alert, findings]) =>
      findings.length > 0 ? findings : [makeUnjudged(alert, `No completed task has a metric ${alert.subject}.`)],
    );
  }

  async function judgeTask(
    present: JudgedTask,
    targets: readonly Target[],
  ): Promise<(readonly [Alert, AlertFinding])[]> {
    const before = targets.some(({ alert }) => alert.isDifference) ? await findBaseline(present.record.key) : undefined;
    const differences =
      before === undefined
        ? new Map<Target, never>()
        : await compareTasks(present, before, targets.filter(isAboutDifference));
    return targets.map((target) => {
      const { alert, metric, origin } = target;
      const evidence = { task: present.record.key, metric, value: origin.value, baseline: null, difference: null };
      if (!alert.isDifference) return [alert, judgeAlert(alert, evidence)] as const;
      if (before === undefined) {
        // A run that was named is there, and has nothing to compare with; without a name there is no run yet.
        const nothing = isNamed
          ? { baseline: { run: baseline, value: null }, difference: { reason: `it has no completed ${evidence.task}` } }
          : {};
        return [alert, judgeAlert(alert, { ...evidence, ...nothing })] as const;
      }
      const { record, origins } = before;
      const compared: AlertEvidence = {
        ...evidence,
        baseline: { run: record.runId, value: origins.get(metric)?.value ?? null },
        difference: differences.get(target) ?? null,
      };
      return [alert, judgeAlert(alert, compared)] as const;
    });
  }

  /** The task result to compare with: of a named run, or of the nearest completed run that has one. */
  async function findBaseline(key: string): Promise<JudgedTask | undefined> {
    const runIds = isNamed
      ? [baseline]
      : await store.schedules.listEarlierRuns(run.runId, baseline === 'first' ? 'oldest' : 'newest');
    for (const runId of runIds) {
      const earlier = await store.runs.getRun(runId);
      const record = (await store.results.listTaskResults(runId)).find((candidate) => candidate.key === key);
      const task = record === undefined ? undefined : await readTask(earlier, record);
      if (task !== undefined) return task;
    }
    return undefined;
  }

  async function readTask(of: RunRecord, record: TaskResultRecord): Promise<JudgedTask | undefined> {
    if (record.status !== 'completed' || record.metrics === null) return undefined;
    const task = (await readPlan(of.plan)).tasks.find(({ key }) => key === record.key);
    if (task === undefined) return undefined;
    const results = JSON.parse(
      new TextDecoder().decode(await store.content.get(record.metrics.digest)),
    ) as readonly MetricResult[];
    return { record, task, origins: findMetricOrigins(results) };
  }

  function readPlan(digest: Digest): Promise<Plan> {
    const known = plans.get(digest);
    if (known !== undefined) return known;
    const reading = store.content.get(digest).then((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Plan);
    plans.set(digest, reading);
    return reading;
  }

  async function compareTasks(
    present: JudgedTask,
    before: JudgedTask,
    targets: readonly Target[],
  ): Promise<Map<Target, AlertEvidence['difference']>> {
    const found = new Map<Target, AlertEvidence['difference']>();
    const reason = await findPairingObstacle(store.content, present.task, before.task);
    const comparisons: (readonly [Target, Comparison])[] = [];
    for (const target of targets) {
      const comparison = reason === undefined ? createComparisonOf(present.task, target) : { reason };
      if ('reason' in comparison) found.set(target, comparison);
      else if (!before.origins.has(target.metric)) found.set(target, { reason: 'it has no such metric' });
      else comparisons.push([target, comparison]);
    }
    if (comparisons.length === 0) return found;
    try {
      const pairs = pairByKey(
        readScoredSamples(store, present.record),
        readScoredSamples(store, before.record),
        ({ sample_id: id }) => id,
      );
      for await (const [now, then] of pairs) addPair(comparisons, now, then);
      for (const [target, comparison] of comparisons) found.set(target, comparison.finish());
    } catch (error) {
      if (!isLost(error)) throw error;
      for (const [target] of comparisons) found.set(target, { reason: error.message });
    }
    return found;
  }
}

/** Something that was stored; a store that cannot be read right now is another matter, and tried again. */
function isLost(error: unknown): error is EvaluationError {
  return error instanceof EvaluationError && error.code !== 'store-failed';
}

function isAboutDifference({ alert }: Target): boolean {
  return alert.isDifference;
}

function createComparisonOf(
  task: PlannedTaskSpecification,
  { origin }: Target,
): Comparison | { readonly reason: string } {
  const scorer = task.definition.scorers.find(({ key }) => key === origin.scorerKey);
  const spec = scorer?.metrics.find(({ key }) => key === origin.metricKey);
  const comparison = spec === undefined ? undefined : createComparison(spec, origin.valueName);
  return (
    comparison ?? { reason: 'there is no interval for a metric that hangs on one sample; compare its value instead' }
  );
}

function addPair(comparisons: readonly (readonly [Target, Comparison])[], now: ScoredSample, then: ScoredSample): void {
  if (!countsInMetrics(now) || !countsInMetrics(then)) return;
  for (const [{ origin }, comparison] of comparisons) {
    const [present, baseline] = [now.scores[origin.scorerKey], then.scores[origin.scorerKey]];
    if (present !== undefined && baseline !== undefined) comparison.add(present.values, baseline.values, now.sample_id);
  }
}
