import { createHash } from 'node:crypto';
import type { Digest } from '../../../contracts/digest.ts';

import type { Answer } from '../../../evaluation/model-io.ts';
import type { JournalAnswer, JournalOutcome, SegmentWork, Stage } from '../../../storage/journal.ts';
import type { SegmentRecord, TaskResultSummary } from '../../../storage/result-index.ts';
import type { NewTaskResult, ProcessRecord, RunRecord } from '../../../storage/run-log.ts';
import type { Store } from '../../../storage/store.ts';

export function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

export function makeAnswer(text: string): Answer {
  return { output: text, evidence: { started_at: '2026-01-01T00:00:00.000Z', duration_ms: 5, retries: [] } };
}

export function makeJournalAnswer(text: string, id: Partial<JournalAnswer> = {}): JournalAnswer {
  return {
    sampleIndex: 0,
    trial: 0,
    scorerKey: '',
    modelKey: 'model',
    requestDigest: digestOf('request'),
    occurrence: 0,
    answer: makeAnswer(text),
    ...id,
  };
}

/** An outcome as the engine appends it; what it is of does not matter to a store. */
export function makeJournalOutcome(
  sampleIndex: number,
  options: { readonly error?: boolean; readonly text?: string } = {},
): JournalOutcome {
  return {
    sampleIndex,
    text: JSON.stringify({ sample_index: sampleIndex, text: options.text ?? 'yes' }),
    hasError: options.error ?? false,
    queries: { sent: 1, retried: 2 },
  };
}

export function makeRun(runId: string, changes: Partial<RunRecord> = {}) {
  return {
    runId,
    evaluationKey: 'evaluation',
    label: null,
    planDigest: digestOf(`plan of ${runId}`),
    plan: digestOf(`plan blob of ${runId}`),
    policy: 'reuse' as const,
    ownerId: null,
    file: '/somewhere/run.yaml',
    origin: { user: 'somebody', arguments: ['run'] },
    startedAt: '2020-01-01T00:00:00.000Z',
    ...changes,
  };
}

export function makeTask(taskResultId: string, changes: Partial<NewTaskResult> = {}): NewTaskResult {
  return {
    taskResultId,
    key: `key of ${taskResultId}`,
    taskKey: 'task',
    solverKey: digestOf('solver'),
    resultKey: digestOf('result'),
    segmentCount: 1,
    samplesTotal: 10,
    solverFingerprint: { solver: 'one turn' },
    resultFingerprint: { scorers: ['exact'] },
    ...changes,
  };
}

export function makeProcess(processId: string): ProcessRecord {
  return {
    processId,
    host: 'host',
    pid: 4711,
    startMark: '12345',
    command: 'run',
    registeredAt: '2026-01-01T00:00:00.000Z',
    seenAt: '2026-01-01T00:00:00.000Z',
  };
}

export function makeSegment(text: string, changes: Partial<SegmentRecord> = {}) {
  return {
    blob: { digest: digestOf(text), sizeBytes: 100 },
    samples: 10,
    errors: 0,
    queries: { sent: 10, retried: 1 },
    answersStood: 0,
    answersSince: null,
    ...changes,
  };
}

export function makeSummary(text: string, changes: Partial<TaskResultSummary> = {}): TaskResultSummary {
  return {
    samples: { total: 10, solverErrors: 0, errors: 0, excludedFromMetrics: 0 },
    queries: { sent: 10, retried: 1, saved: 0 },
    manifest: { digest: digestOf(`manifest ${text}`), sizeBytes: 11 },
    metrics: { digest: digestOf(`metrics ${text}`), sizeBytes: 12 },
    resultDigest: digestOf(`outcome ${text}`),
    ...changes,
  };
}

export function segmentOf(taskResultId: string, stage: Stage = 'solve', segmentIndex = 0, attempt = 1): SegmentWork {
  return { taskResultId, stage, segmentIndex, attempt };
}

/** Takes a task result of a run through to its publication; `replaceCurrent`: the current one was judged unusable. */
export async function completeTask(
  store: Store,
  taskResultId: string,
  options: { sourceId?: string; replaceCurrent?: boolean; summary?: Partial<TaskResultSummary>; errors?: number } = {},
): Promise<void> {
  const { sourceId, replaceCurrent = false, errors = 0 } = options;
  await store.results.recordRunning(taskResultId, {
    verdict: sourceId === undefined ? 'none' : 'partial',
    ...(sourceId === undefined ? {} : { sourceId }),
    why: null,
    warnings: [],
  });
  if (sourceId === undefined) {
    await store.results.registerSegment(segmentOf(taskResultId), makeSegment(`solved ${taskResultId}`, { errors }));
  }
  await store.results.registerSegment(segmentOf(taskResultId, 'score'), makeSegment(`scored ${taskResultId}`));
  await store.results.recordSummary(taskResultId, makeSummary(taskResultId, options.summary));
  const { resultKey } = await getTask(store, taskResultId);
  let isPublished = false;
  while (!isPublished) {
    const current = (await store.results.findCurrentResults([resultKey])).get(resultKey);
    const judged = current === undefined ? null : { taskResultId: current.taskResultId, isUsable: !replaceCurrent };
    isPublished = await store.results.publish(taskResultId, judged);
  }
}

export async function getTask(store: Store, taskResultId: string) {
  const [record] = await store.results.findTaskResults([taskResultId]);
  if (record === undefined) throw new Error(`no task result ${taskResultId}`);
  return record;
}
