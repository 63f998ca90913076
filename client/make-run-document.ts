import type { AlertFinding } from '../contracts/alert-finding.ts';
import type { Digest } from '../contracts/digest.ts';
import { isFinal } from '../contracts/status.ts';
import { makeUnjudged } from '../evaluation/alerts/judge-alert.ts';
import { parseAlert } from '../evaluation/alerts/parse-alert.ts';
import type { MetricResult } from '../evaluation/metric-value.ts';
import { flattenMetricNames } from '../evaluation/metrics/flatten-metric-names.ts';
import { addUsage, type Usage } from '../evaluation/usage/usage.ts';
import { makeUsageDocuments, makeUsageTotals } from '../evaluation/usage/usage-document.ts';
import { isBlobLost } from '../storage/is-blob-lost.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { RunRecord, TaskProgress } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { findLimits } from './find-limits.ts';
import { isCounting, readUsage } from './read-usage.ts';
import type { QueryCounts, ReuseReason, RunDocument, TaskDocument } from './run-document.ts';

/** The document of a run as the store has it now; of running and cancelled runs, too. */
export async function makeRunDocument(store: Store, run: RunRecord): Promise<RunDocument> {
  const records = await store.results.listTaskResults(run.runId);
  const sources = await findSources(store, records);
  const progress = records.some(isCounting) ? await store.runs.listProgress(run.runId) : [];
  const usages = await readUsage(store, run.runId, records);
  const tasks: TaskDocument[] = [];
  for (const record of records) {
    const usage = usages.get(record.taskResultId) ?? [];
    const counts: Counts = isCounting(record) ? addLost(countSoFar(record, progress), usage) : record;
    const source = sources.get(record.reusedFrom ?? '');
    tasks.push(await makeTaskDocument(store, record, { ...counts, usage, source }));
  }
  const usage = addUsage(...usages.values());
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
    answers_stood: tasks.reduce((sum, task) => sum + (task.answers_stood ?? 0), 0),
    usage: makeUsageDocuments(usage),
    ...makeUsageTotals(usage),
    tasks,
    limits: await findLimits(store, run.runId),
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

interface Counts {
  readonly queries: QueryCounts;
  readonly answersStood: number;
}

function countSoFar({ taskResultId, reuse }: TaskResultRecord, progress: readonly TaskProgress[]): Counts {
  const own = progress.filter((entry) => entry.taskResultId === taskResultId);
  const sum = (stage: TaskProgress['stage']) => {
    const entry = own.find((candidate) => candidate.stage === stage);
    return { ...(entry?.queries ?? { sent: 0, retried: 0 }), stood: entry?.answersStood ?? 0 };
  };
  const [solver, { stood, ...judges }] = [sum('solve'), sum('score')];
  if (reuse === 'partial') return { queries: { ...judges, saved: solver.sent + solver.stood }, answersStood: stood };
  return {
    queries: { sent: solver.sent + judges.sent, retried: solver.retried + judges.retried, saved: 0 },
    answersStood: solver.stood + stood,
  };
}

/** What left for work that came to nothing is in no outcome, but in the accounts. */
function addLost({ queries, answersStood }: Counts, usage: Usage): Counts {
  const sent = usage.reduce((sum, entry) => sum + entry.sent.queries, 0);
  const retried = usage.reduce((sum, entry) => sum + entry.retries, 0);
  return {
    queries: { ...queries, sent: Math.max(queries.sent, sent), retried: Math.max(queries.retried, retried) },
    answersStood,
  };
}

async function makeTaskDocument(
  store: Store,
  record: TaskResultRecord,
  {
    queries,
    answersStood,
    usage,
    source,
  }: Counts & { readonly usage: Usage; readonly source: TaskResultRecord | undefined },
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
    usage: makeUsageDocuments(usage),
    ...makeUsageTotals(usage),
    answers_stood: answersStood,
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
