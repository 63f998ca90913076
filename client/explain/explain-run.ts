import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { findNearestName } from '../../evaluation/nearest-name.ts';
import { describeChanges, listDifferences } from '../../evaluation/reuse/explain-miss.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import type { RunRecord } from '../../storage/run-log.ts';
import type { Store } from '../../storage/store.ts';
import type { ReuseReason } from '../run-document.ts';
import type { ExplainDocument, ExplainStepDocument, ExplainTaskDocument } from './explain-documents.ts';
import { explainSample } from './explain-sample.ts';
import { type TracedResult, type TracedResults, traceResults } from './trace-results.ts';

export interface ExplainOptions {
  /** Key of a task specification; left out, all of them. */
  readonly task?: string;
  /** Id of a sample of that task. */
  readonly sample?: string;
}

/**
 * Where every piece of a run came from, through every generation of reuse. Nothing is changed.
 *
 * @throws {EvaluationError} `run-not-found` for a run, a task or a sample that there is not; `usage` for a sample without a task.
 */
export async function explainRun(
  store: Store,
  run: RunRecord,
  { task, sample }: ExplainOptions = {},
): Promise<ExplainDocument> {
  if (sample !== undefined && task === undefined) {
    throw new EvaluationError('usage', 'A sample belongs to a task: name that as well.');
  }
  const all = await store.results.listTaskResults(run.runId);
  const records = task === undefined ? all : [findRecord(run, all, task)];
  const traced = await traceResults(store, records);
  const tasks: ExplainTaskDocument[] = [];
  for (const [index, record] of records.entries()) {
    const line = traced.lines[index] ?? [];
    tasks.push({
      key: record.key,
      task_key: record.taskKey,
      task_result: record.taskResultId,
      status: record.status,
      reuse: record.reuse,
      samples: { total: record.samples.total, errors: record.samples.errors },
      result_digest: record.resultDigest,
      why: record.reuse === 'full' ? [] : (record.why as readonly ReuseReason[] | null),
      steps: line.map((step, place) => makeStep(step, line[place + 1], traced)),
      ...(sample === undefined ? {} : { sample: await explainSample(store, run, record, { line, sample }) }),
    });
  }
  return {
    run: run.runId,
    evaluation: run.evaluationKey,
    label: run.label,
    status: run.status,
    attempt: run.attempt,
    cache_policy: run.policy,
    plan_digest: run.planDigest,
    started_at: run.startedAt,
    ended_at: run.endedAt,
    user: readOrigin(run, 'user'),
    host: readOrigin(run, 'host'),
    schedule: run.scheduleName,
    mends: run.mends,
    tasks,
  };
}

function findRecord(run: RunRecord, records: readonly TaskResultRecord[], key: string): TaskResultRecord {
  const record = records.find((candidate) => candidate.key === key || candidate.taskResultId === key);
  if (record !== undefined) return record;
  const keys = records.map((candidate) => candidate.key);
  const nearest = findNearestName(key, keys);
  throw new EvaluationError('run-not-found', `Run ${run.runId} has no task "${key}".`, {
    hint: nearest === undefined ? `It has ${keys.join(', ')}.` : `Did you mean "${nearest}"?`,
  });
}

function makeStep(
  { taskResultId, record, contribution }: TracedResult,
  next: TracedResult | undefined,
  traced: TracedResults,
): ExplainStepDocument {
  const run = record === undefined ? undefined : traced.runs.get(record.runId);
  return {
    task_result: taskResultId,
    is_known: record !== undefined,
    contribution,
    run: record?.runId ?? null,
    label: run?.label ?? null,
    task: record?.key ?? null,
    status: record?.status ?? null,
    cache_policy: record?.policy ?? null,
    attempt: record?.attempt ?? null,
    solver_key: record?.solverKey ?? null,
    result_key: record?.resultKey ?? null,
    result_digest: record?.resultDigest ?? null,
    solved_at: record?.solvedAt ?? null,
    ended_at: record?.endedAt ?? null,
    user: readOrigin(run, 'user'),
    host: readOrigin(run, 'host'),
    is_current: record?.isCurrent ?? false,
    is_removed: record?.isRemoved ?? false,
    differences:
      record === undefined || next?.record === undefined
        ? []
        : compareResults(next.record, record, traced.fingerprints),
  };
}

function compareResults(
  before: TaskResultRecord,
  after: TaskResultRecord,
  fingerprints: TracedResults['fingerprints'],
): readonly ReuseReason[] {
  const [old, present] = [before, after].map(({ solverKey, resultKey, samples }) => {
    const [solverFingerprint, resultFingerprint] = [fingerprints.get(solverKey), fingerprints.get(resultKey)];
    return solverFingerprint === undefined || resultFingerprint === undefined
      ? undefined
      : { solverFingerprint, resultFingerprint, samples, sampleCount: samples.total };
  });
  if (old === undefined || present === undefined) return [];
  return describeChanges(listDifferences(old, present), old, present);
}

function readOrigin(run: RunRecord | undefined, field: 'user' | 'host'): string | null {
  const value = run?.origin[field];
  return typeof value === 'string' ? value : null;
}
