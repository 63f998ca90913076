import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { ScoredTrial } from '../../evaluation/score.ts';
import type { RecordedQuery, SolvedTrial } from '../../evaluation/trace.ts';
import { createRowReader } from '../../planning/datasets/read-rows.ts';
import type { Stage } from '../../storage/journal.ts';
import type { SegmentRecord, TaskResultRecord } from '../../storage/result-index.ts';
import type { RunRecord } from '../../storage/run-log.ts';
import type { Store } from '../../storage/store.ts';
import { iterateSamples } from '../iterate-samples.ts';
import type { SampleDocument } from '../stet.ts';
import { readStoredPlan } from '../stored-plan.ts';
import type { ExplainAnswerDocument, ExplainSampleDocument, ExplainStageDocument } from './explain-documents.ts';
import type { TracedResult } from './trace-results.ts';

/** Where what is recorded of one sample was made: of each stage the result, the segment and the answers. */
export async function explainSample(
  store: Store,
  run: RunRecord,
  record: TaskResultRecord,
  { line, sample: sampleId }: { readonly line: readonly TracedResult[]; readonly sample: string },
): Promise<ExplainSampleDocument> {
  const sample = await getSample(store, run, record, sampleId);
  const segmentIndex = await findSegmentIndex(store, run, record, sample.sample_index);
  const segments = await store.results.listSegmentsOf(line.map(({ taskResultId }) => taskResultId));
  const findSegment = ({ taskResultId }: TracedResult, stage: Stage) =>
    segments.get(taskResultId)?.[stage].find((segment) => segment.segmentIndex === segmentIndex);
  const explainStage = (stage: Stage, outcome: StageOutcome | null): ExplainStageDocument => {
    const maker = outcome === null ? undefined : findMaker(line, stage, outcome.attempt, findSegment);
    const holder = line.find(({ contribution }) => contribution !== 'nothing');
    const blob = holder === undefined ? undefined : findSegment(holder, stage)?.blob.digest;
    return {
      stage,
      task_result: maker?.taskResultId ?? null,
      run: maker?.record?.runId ?? null,
      attempt: outcome?.attempt ?? null,
      blob: outcome === null ? null : (blob ?? null),
      answers: outcome?.trials.flatMap(listAnswers) ?? [],
      errors: outcome?.trials.flatMap(({ error }) => (error === undefined ? [] : [error])) ?? [],
    };
  };
  return {
    sample_id: sample.sample_id,
    sample_index: sample.sample_index,
    segment_index: segmentIndex,
    stages: [explainStage('solve', sample.solved), explainStage('score', sample.scored)],
  };
}

interface StageOutcome {
  readonly attempt: number;
  readonly trials: readonly (SolvedTrial | ScoredTrial)[];
}

async function getSample(
  store: Store,
  run: RunRecord,
  { key }: TaskResultRecord,
  sampleId: string,
): Promise<SampleDocument> {
  for await (const sample of iterateSamples(store, run, { task: key, sample: sampleId })) return sample;
  throw new EvaluationError('run-not-found', `Task "${key}" of run ${run.runId} has no sample "${sampleId}".`);
}

async function findSegmentIndex(
  store: Store,
  run: RunRecord,
  { key }: TaskResultRecord,
  sampleIndex: number,
): Promise<number> {
  const { plan } = await readStoredPlan(store, run);
  const task = plan.tasks.find((candidate) => candidate.key === key);
  if (task === undefined) {
    throw new EvaluationError('store-damaged', `The plan of run ${run.runId} has no task "${key}".`);
  }
  const { segmentSize } = await createRowReader(store.content, task.dataset.manifest).getManifest();
  return Math.floor(sampleIndex / segmentSize);
}

/** The result of a line in which an outcome came to be. */
function findMaker(
  line: readonly TracedResult[],
  stage: Stage,
  attempt: number,
  findSegment: (result: TracedResult, stage: Stage) => SegmentRecord | undefined,
): TracedResult | undefined {
  return line.find((result, index) => {
    const next = line[index + 1];
    return next === undefined || !isFromNext(result, next);
  });

  function isFromNext(result: TracedResult, next: TracedResult): boolean {
    switch (result.contribution) {
      case 'nothing':
        return true;
      case 'scores':
        return stage === 'solve';
      case 'retries': {
        // What was good stands, segment by segment where all of it was, else sample by sample.
        const [own, others] = [findSegment(result, stage), findSegment(next, stage)];
        if (own !== undefined && own.blob.digest === others?.blob.digest) return true;
        return attempt < (result.record?.attempt ?? 1) && attempt <= (next.record?.attempt ?? 1);
      }
      case 'everything':
      case null:
        return false;
    }
  }
}

function listAnswers(trial: SolvedTrial | ScoredTrial): readonly ExplainAnswerDocument[] {
  return trial.queries.map((query) => makeAnswer(trial, query));
}

function makeAnswer(trial: SolvedTrial | ScoredTrial, query: RecordedQuery): ExplainAnswerDocument {
  const { evidence, origin = null } = query;
  return {
    trial: trial.trial,
    scorer: 'scorer_key' in trial ? trial.scorer_key : null,
    model: query.model_key,
    request_digest: query.request_digest,
    request_id: evidence.request_id ?? null,
    served_model: evidence.served_model ?? null,
    answered_at: origin?.answered_at ?? new Date(Date.parse(evidence.started_at) + evidence.duration_ms).toISOString(),
    retried: evidence.retries.length,
    origin,
  };
}
