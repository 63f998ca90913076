import type { AlertFinding } from '../contracts/alert-finding.ts';
import type { Digest } from '../contracts/digest.ts';
import { isFinal } from '../contracts/status.ts';
import { makeUnjudged } from '../evaluation/alerts/judge-alert.ts';
import { parseAlert } from '../evaluation/alerts/parse-alert.ts';
import type { MetricResult } from '../evaluation/metric-value.ts';
import { flattenMetricNames } from '../evaluation/metrics/flatten-metric-names.ts';
import { isBlobLost } from '../storage/is-blob-lost.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { RunRecord, TaskProgress } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { QueryCounts, ReuseReason, RunDocument, TaskDocument } from './run-document.ts';

/** The document of a run as the store has it now; of running and cancelled runs, too. */
export async function makeRunDocument(store: Store, run: RunRecord): Promise<RunDocument> {
  const records = await store.results.listTaskResults(run.runId);
  const sources = await findSources(store, records);
  const progress = records.some(isCounting) ? await store.runs.listProgress(run.runId) : [];
  const tasks: TaskDocument[] = [];
  for (const record of records) {
    const queries = isCounting(record) ? countSoFar(record, progress) : record.queries;
    tasks.push(await makeTaskDocument(store, record, queries, sources.get(record.reusedFrom ?? '')));
  }
  return {
    run: run.runId,
    evaluation: run.evaluationKey,
    label: run.label,
    status: run.status,
    attempt: run.attempt,
    cache_policy: run.policy,
    started_at: run.startedAt,
    ended_at: run.endedAt,
    paused_at: isFinal(run.status) ? null : run.pausedAt,
    duration_ms:
      run.workedMs + Math.max(0, Date.parse(run.endedAt ?? new Date().toISOString()) - Date.parse(run.startedAt)),
    model_queries: sumCounts(tasks.map((task) => task.model_queries)),
    tasks,
    origin: run.origin,
    mends: run.mends,
    alerts: listFindings(run),
    schedule: run.scheduleName,
    scheduled_at: run.scheduledAt,
  };
}

/** What its alerts found; a completed run whose alerts nobody judged has not passed them. */
export function listFindings({ status, alerts }: RunRecord): readonly AlertFinding[] | null {
  if (alerts === null || !isFinal(status)) return null;
  if (alerts.findings !== null || status !== 'completed') return alerts.findings;
  return alerts.alerts.map((text) => makeUnjudged(parseAlert(text), 'It was not judged.'));
}

export async function findSources(
  store: Pick<Store, 'results'>,
  records: readonly TaskResultRecord[],
): Promise<ReadonlyMap<string, TaskResultRecord>> {
  const ids = [...new Set(records.flatMap(({ reusedFrom }) => (reusedFrom === null ? [] : [reusedFrom])))];
  return new Map((await store.results.findTaskResults(ids)).map((record) => [record.taskResultId, record]));
}

export function sumCounts(all: readonly QueryCounts[]): QueryCounts {
  return all.reduce(
    (sum, { sent, retried, saved }) => ({
      sent: sum.sent + sent,
      retried: sum.retried + retried,
      saved: sum.saved + saved,
    }),
    { sent: 0, retried: 0, saved: 0 },
  );
}

/** Counts are recorded with the metrics; a task result that has none counts what it has recorded so far. */
function isCounting(record: TaskResultRecord): boolean {
  return record.metrics === null && record.reuse !== 'full';
}

function countSoFar({ taskResultId, reuse }: TaskResultRecord, progress: readonly TaskProgress[]): QueryCounts {
  const own = progress.filter((entry) => entry.taskResultId === taskResultId);
  const sum = (stage: TaskProgress['stage']) =>
    own.find((entry) => entry.stage === stage)?.queries ?? { sent: 0, retried: 0 };
  const [solver, judges] = [sum('solve'), sum('score')];
  if (reuse === 'partial') return { ...judges, saved: solver.sent };
  return { sent: solver.sent + judges.sent, retried: solver.retried + judges.retried, saved: 0 };
}

async function makeTaskDocument(
  store: Store,
  record: TaskResultRecord,
  queries: QueryCounts,
  source: TaskResultRecord | undefined,
): Promise<TaskDocument> {
  const { metrics, reasons, warnings } = await readMetrics(store, record);
  return {
    key: record.key,
    task_key: record.taskKey,
    task_result: record.taskResultId,
    status: record.status,
    reuse: record.reuse,
    reused_from: record.reusedFrom,
    reused_from_run: source?.runId ?? null,
    reused_at: source === undefined ? null : record.reuse === 'full' ? source.endedAt : source.solvedAt,
    samples: {
      total: record.samples.total,
      errors: record.samples.errors,
      excluded_from_metrics: record.samples.excludedFromMetrics,
    },
    model_queries: queries,
    metrics,
    metric_reasons: reasons,
    metrics_are_partial: metrics !== null && record.status !== 'completed',
    result_digest: record.resultDigest,
    error: record.error,
    warnings: [...record.warnings, ...warnings],
    why: record.reuse === 'full' ? [] : (record.why as readonly ReuseReason[] | null),
    started_at: record.startedAt,
    ended_at: record.endedAt,
  };
}

async function readMetrics(store: Store, record: TaskResultRecord) {
  if (record.metrics === null) return { metrics: null, reasons: {}, warnings: [] };
  const bytes = await readMetricsBlob(store, record.metrics.digest);
  if (bytes === undefined) {
    const warning = `The stored metrics of task result ${record.taskResultId} are lost or damaged; the next run computes them again.`;
    return { metrics: null, reasons: {}, warnings: [warning] };
  }
  const results = JSON.parse(new TextDecoder().decode(bytes)) as readonly MetricResult[];
  const { values, reasons } = flattenMetricNames(results);
  return { metrics: values, reasons, warnings: [] };
}

/** Undefined where it is lost or damaged: a run can be looked at all the same. */
async function readMetricsBlob(store: Store, digest: Digest): Promise<Uint8Array | undefined> {
  try {
    return await store.content.get(digest);
  } catch (error) {
    if (isBlobLost(error)) return undefined;
    throw error;
  }
}
