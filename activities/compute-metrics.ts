import type { WorkActivities } from '../contracts/activities.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { createMetricsComputer } from '../evaluation/metrics/compute-metrics.ts';
import { createResultDigest } from '../evaluation/result-digest.ts';
import { isWithinErrorLimit } from '../evaluation/reuse/usability.ts';
import type { ScoredSample } from '../evaluation/score.ts';
import type { QueryCounts, SegmentRecord, TaskResultRecord } from '../storage/result-index.ts';
import { readSegmentLines } from '../storage/segment-lines.ts';
import type { Store } from '../storage/store.ts';
import type { PlanCache } from './plan-cache.ts';
import { getTaskResult } from './segment-access.ts';

/**
 * Metrics, manifest and result digest, streamed over the sealed scores in dataset order: memory holds one segment.
 *
 * @throws {EvaluationError} `too-many-sample-errors`, `metric-failed`: after the metrics were recorded, so that they can
 *   be shown as partial.
 */
export function createComputeMetrics({
  store,
  plans,
}: {
  readonly store: Store;
  readonly plans: PlanCache;
}): WorkActivities['computeMetrics'] {
  return async ({ taskResultId, key, planRef }) => {
    const { plan, task } = await plans.getTask(planRef, key);
    const record = await getTaskResult(store, taskResultId);
    const [solveSegments, scoreSegments] = await Promise.all([
      store.results.listSegments(taskResultId, 'solve'),
      store.results.listSegments(taskResultId, 'score'),
    ]);
    const metrics = createMetricsComputer(task.definition);
    const digest = createResultDigest();
    const counts = { solverErrors: 0, errors: 0 };
    for (const segment of scoreSegments) {
      for (const scored of await readSegmentLines<ScoredSample>(store.content, segment.blob.digest)) {
        metrics.add(scored);
        if (scored.digest === undefined) throw new EvaluationError('store-damaged', 'A stored score has no digest.');
        digest.add(scored.digest);
        if (scored.errors.length > 0) counts.errors++;
        if (scored.errors.some(({ stage }) => stage === 'solver')) counts.solverErrors++;
      }
    }
    const computed = metrics.finish();
    const total = record.samples.total;
    await store.results.recordSummary(taskResultId, {
      samples: { total, ...counts, excludedFromMetrics: computed.num_excluded_from_metrics },
      queries: await countAllQueries(store, record, solveSegments, scoreSegments),
      manifest: await putJson(store, {
        schema: 1,
        task_result: taskResultId,
        rows: task.dataset.manifest,
        solve: solveSegments.map(({ blob }) => blob),
        score: scoreSegments.map(({ blob }) => blob),
      }),
      metrics: await putJson(store, computed.metrics),
      resultDigest: digest.finish(computed.metrics),
    });
    if (computed.warnings.length > 0) await store.results.addWarnings(taskResultId, computed.warnings);
    const [failure] = computed.failures;
    if (failure !== undefined) {
      throw new EvaluationError(
        'metric-failed',
        `Metric ${failure.metric_key} of scorer ${failure.scorer_key}: ${failure.message}`,
      );
    }
    const limit = plan.limits.max_sample_errors;
    if (isWithinErrorLimit(counts.errors, total, limit)) return;
    throw new EvaluationError(
      'too-many-sample-errors',
      `${counts.errors} of ${total} samples failed; limits.max_sample_errors is ${limit}.`,
      { hint: 'See the errors with `stet show`, and try them again with `stet resume`.' },
    );
  };
}

/** What this task result sent itself; under partial reuse the solver's queries were saved. */
async function countAllQueries(
  store: Store,
  record: TaskResultRecord,
  solve: readonly SegmentRecord[],
  score: readonly SegmentRecord[],
): Promise<QueryCounts> {
  const solver = sumQueries(solve);
  const judges = sumQueries(score);
  if (record.reuse !== 'partial')
    return { sent: solver.sent + judges.sent, retried: solver.retried + judges.retried, saved: 0 };
  return { ...judges, saved: solver.sent };
}

function sumQueries(segments: readonly SegmentRecord[]): { sent: number; retried: number } {
  return segments.reduce(
    (sum, { queries }) => ({ sent: sum.sent + queries.sent, retried: sum.retried + queries.retried }),
    { sent: 0, retried: 0 },
  );
}

function putJson(store: Store, value: unknown) {
  return store.content.put(new TextEncoder().encode(JSON.stringify(value)));
}
