import type { SegmentInput, WorkActivities } from '../contracts/activities.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { createMetricsComputer } from '../evaluation/metrics/compute-metrics.ts';
import { createResultDigest } from '../evaluation/result-digest.ts';
import { isWithinErrorLimit } from '../evaluation/reuse/usability.ts';
import type { ScoredSample } from '../evaluation/score.ts';
import type { SolvedSample } from '../evaluation/trace.ts';
import { isBlobLost } from '../storage/is-blob-lost.ts';
import type { SegmentRecord, TaskResultRecord, TaskResultSummary } from '../storage/result-index.ts';
import { readSegmentLines } from '../storage/segment-lines.ts';
import type { Store } from '../storage/store.ts';
import type { PlanCache } from './plan-cache.ts';
import { countQueries, getAttempt, getTaskResult, readSealed } from './segment-access.ts';
import { sumTaskUsage } from './sum-usage.ts';

/** Damage that comes back as often as this is none that scoring anew can mend. */
const maxScorings = 3;

/**
 * Metrics, manifest and result digest, streamed over the sealed scores in dataset order: memory holds one segment.
 *
 * @throws {EvaluationError} `too-many-sample-errors`, `metric-failed`: after the metrics were recorded, so that they can
 *   be shown as partial.
 */
export function createComputeMetrics({
  store,
  plans,
  scoreSegment,
}: {
  readonly store: Store;
  readonly plans: PlanCache;
  /** Scores a segment again whose scores are lost. */
  readonly scoreSegment: WorkActivities['scoreSegment'];
}): WorkActivities['computeMetrics'] {
  return async (input) => {
    const { taskResultId, key, planRef } = input;
    const attempt = await getAttempt(store, input);
    const { plan, task } = await plans.getTask(planRef, key);
    const record = await getTaskResult(store, taskResultId);
    const metrics = createMetricsComputer(task.definition);
    const digest = createResultDigest();
    const counts = { solverErrors: 0, errors: 0 };
    for (let segmentIndex = 0; segmentIndex < record.segmentCount; segmentIndex++) {
      for (const scored of await readScored({ ...input, segmentIndex, attempt })) {
        metrics.add(scored);
        if (scored.digest === undefined) throw new EvaluationError('store-damaged', 'A stored score has no digest.');
        digest.add(scored.digest);
        if (scored.errors.length > 0) counts.errors++;
        if (scored.errors.some(({ stage }) => stage === 'solver')) counts.solverErrors++;
      }
    }
    const [solveSegments, scoreSegments] = await Promise.all([
      store.results.listSegments(taskResultId, 'solve'),
      store.results.listSegments(taskResultId, 'score'),
    ]);
    const computed = metrics.finish();
    const total = record.samples.total;
    const summary: TaskResultSummary = {
      samples: { total, ...counts, excludedFromMetrics: computed.num_excluded_from_metrics },
      ...(await countAllQueries(store, record, solveSegments, scoreSegments)),
      usage: await sumTaskUsage(store, { plan, task }, record, { solve: solveSegments, score: scoreSegments }),
      manifest: await putJson(store, {
        schema: 1,
        task_result: taskResultId,
        rows: task.dataset.manifest,
        solve: solveSegments.map(({ blob }) => blob),
        score: scoreSegments.map(({ blob }) => blob),
      }),
      metrics: await putJson(store, computed.metrics),
      resultDigest: digest.finish(computed.metrics),
    };
    await store.results.recordSummary(taskResultId, summary, attempt);
    if (computed.warnings.length > 0) await store.results.addWarnings(taskResultId, computed.warnings, attempt);
    const [failure] = computed.failures;
    if (failure !== undefined) {
      throw new EvaluationError(
        'metric-failed',
        `Metric ${failure.metric_key} of scorer ${failure.scorer_key}: ${failure.message}`,
      );
    }
    const limit = plan.limits.max_sample_errors;
    if (isWithinErrorLimit(counts.errors, total, limit)) return { samples: total, errors: counts.errors };
    throw new EvaluationError(
      'too-many-sample-errors',
      `${counts.errors} of ${total} samples failed; limits.max_sample_errors is ${limit}.`,
      { hint: 'See the errors with `stet show`, and try them again with `stet resume`.' },
    );
  };

  /** The scores of a segment, made again where they are lost (design 3.1). */
  async function readScored(input: SegmentInput & { readonly attempt: number }): Promise<readonly ScoredSample[]> {
    const { taskResultId, segmentIndex, attempt } = input;
    const segment = { taskResultId, stage: 'score', segmentIndex, attempt } as const;
    for (let scorings = 0; ; scorings++) {
      const sealed = await store.results.findSegment(segment);
      const lines = sealed && (await readSealed<ScoredSample>(store, segment, sealed));
      if (lines !== undefined) return lines;
      if (scorings === maxScorings) {
        throw new EvaluationError(
          'blob-damaged',
          `Segment ${segmentIndex} of task result ${taskResultId} was scored and lost ${maxScorings} times: the disk does not keep what it is given.`,
        );
      }
      await scoreSegment(input);
    }
  }
}

/** What this task result sent itself; under partial reuse the solver's queries were saved, and what stood when errors were tried again. */
async function countAllQueries(
  store: Store,
  record: TaskResultRecord,
  solve: readonly SegmentRecord[],
  score: readonly SegmentRecord[],
): Promise<Pick<TaskResultSummary, 'queries' | 'answersStood'>> {
  const solver = sumQueries(solve);
  const { stood, ...judges } = sumQueries(score);
  // What stood singly in solver outputs that stand is saved with them.
  if (record.reuse === 'partial')
    return { queries: { ...judges, saved: solver.sent + solver.stood }, answersStood: stood };
  const sent = solver.sent + judges.sent;
  const retried = solver.retried + judges.retried;
  const answersStood = solver.stood + stood;
  if (record.mends === null) return { queries: { sent, retried, saved: 0 }, answersStood };
  const all = (await countRecorded<SolvedSample>(store, solve)) + (await countRecorded<ScoredSample>(store, score));
  return { queries: { sent, retried, saved: Math.max(0, all - sent - answersStood) }, answersStood };
}

/** All queries behind sealed segments, whoever sent them. */
async function countRecorded<Outcome extends SolvedSample | ScoredSample>(
  store: Store,
  segments: readonly SegmentRecord[],
): Promise<number> {
  let all = 0;
  for (const { blob, queries, answersStood = 0 } of segments) {
    try {
      for (const { trials } of await readSegmentLines<Outcome>(store.content, blob.digest)) {
        const { sent, stood } = countQueries(trials);
        all += sent + stood;
      }
    } catch (error) {
      // What is lost is only not counted as saved: nothing of the result depends on it.
      if (!isBlobLost(error)) throw error;
      all += queries.sent + answersStood;
    }
  }
  return all;
}

function sumQueries(segments: readonly SegmentRecord[]): { sent: number; retried: number; stood: number } {
  return segments.reduce(
    (sum, { queries, answersStood = 0 }) => ({
      sent: sum.sent + queries.sent,
      retried: sum.retried + queries.retried,
      stood: sum.stood + answersStood,
    }),
    { sent: 0, retried: 0, stood: 0 },
  );
}

function putJson(store: Store, value: unknown) {
  return store.content.put(new TextEncoder().encode(JSON.stringify(value)));
}
