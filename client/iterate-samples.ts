import { EvaluationError } from '../contracts/evaluation-error.ts';
import { findNearestName } from '../evaluation/nearest-name.ts';
import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import type { ScoredSample } from '../evaluation/score.ts';
import type { SolvedSample } from '../evaluation/trace.ts';
import { compileWhere, makeWhereSubject, type RecordedSample, type Where } from '../evaluation/where/index.ts';
import { createRowReader } from '../planning/datasets/read-rows.ts';
import { readRowManifest } from '../planning/datasets/row-manifest.ts';
import type { Stage } from '../storage/journal.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { RunRecord } from '../storage/run-log.ts';
import { readSegmentLines } from '../storage/segment-lines.ts';
import type { Store } from '../storage/store.ts';
import type { SampleDocument, SamplesOptions } from './stet.ts';

/** Samples of one task of a run in dataset order, with what is recorded so far; memory holds one segment. */
export async function* iterateSamples(
  store: Store,
  run: RunRecord,
  options: SamplesOptions,
): AsyncGenerator<SampleDocument> {
  const record = await getTaskResult(store, run, options.task);
  const task = await getSpecification(store, run, record.key);
  const rows = createRowReader(store.content, task.dataset.manifest);
  const { segments } = await rows.getManifest();
  const where = options.where === undefined ? undefined : await compileFor(task, store, options.where);
  const trials = Array.from({ length: task.run_config.num_trials }, (_, trial) => trial);
  // A full reuse has no pieces of its own.
  const holder = record.reuse === 'full' && record.reusedFrom !== null ? record.reusedFrom : record.taskResultId;
  let isFound = false;
  for (let segmentIndex = 0; segmentIndex < segments.length; segmentIndex++) {
    const samples = await rows.readSegment(segmentIndex);
    const wanted = options.sample === undefined ? samples : samples.filter(({ id }) => id === options.sample);
    if (wanted.length === 0) continue;
    isFound = true;
    const solved = await readOutcomes<SolvedSample>(store, holder, 'solve', segmentIndex);
    const scored = await readOutcomes<ScoredSample>(store, holder, 'score', segmentIndex);
    for (const { id, index, row } of wanted) {
      const recorded = {
        sample_id: id,
        sample: row,
        solved: solved.get(index) ?? null,
        scored: scored.get(index) ?? null,
      };
      const matching = where === undefined ? undefined : findMatchingTrials(where, recorded, trials);
      if (matching?.length === 0) continue;
      yield {
        task: record.key,
        ...recorded,
        sample_index: index,
        ...(matching === undefined ? {} : { matching_trials: matching }),
      };
    }
    if (options.sample !== undefined) return;
  }
  where?.finish();
  if (options.sample !== undefined && !isFound) {
    throw new EvaluationError(
      'run-not-found',
      `Task "${record.key}" of run ${run.runId} has no sample "${options.sample}".`,
    );
  }
}

async function compileFor(task: PlannedTaskSpecification, store: Store, source: string): Promise<Where> {
  const { columns } = await readRowManifest(store.content, task.dataset.manifest);
  return compileWhere(source, { scorerKeys: task.definition.scorers.map(({ key }) => key), columns });
}

function findMatchingTrials(where: Where, sample: RecordedSample, trials: readonly number[]): readonly number[] {
  return trials.filter((trial) => where.matches(makeWhereSubject(sample, trial)));
}

async function getTaskResult(store: Store, run: RunRecord, key: string): Promise<TaskResultRecord> {
  const records = await store.results.listTaskResults(run.runId);
  const record = records.find((candidate) => candidate.key === key || candidate.taskResultId === key);
  if (record !== undefined) return record;
  const nearest = findNearestName(
    key,
    records.map((candidate) => candidate.key),
  );
  throw new EvaluationError('run-not-found', `Run ${run.runId} has no task "${key}".`, {
    hint:
      nearest === undefined
        ? `It has ${records.map((candidate) => candidate.key).join(', ')}.`
        : `Did you mean "${nearest}"?`,
  });
}

async function getSpecification(store: Store, run: RunRecord, key: string): Promise<PlannedTaskSpecification> {
  const plan = JSON.parse(new TextDecoder().decode(await store.content.get(run.plan))) as Plan;
  const task = plan.tasks.find((candidate) => candidate.key === key);
  if (task === undefined)
    throw new EvaluationError('store-damaged', `The plan of run ${run.runId} has no task "${key}".`);
  return task;
}

/** What is sealed, and over it what the journal holds since. */
async function readOutcomes<Outcome extends { readonly sample_index: number }>(
  store: Store,
  taskResultId: string,
  stage: Stage,
  segmentIndex: number,
): Promise<ReadonlyMap<number, Outcome>> {
  const segment = { taskResultId, stage, segmentIndex };
  const sealed = await store.results.findSegment(segment);
  const lines = sealed === undefined ? [] : await readSegmentLines<Outcome>(store.content, sealed.blob.digest);
  const { outcomes } = await store.journal.load(segment);
  return new Map([
    ...lines.map((line) => [line.sample_index, line] as const),
    ...outcomes.map(({ sampleIndex, text }) => [sampleIndex, JSON.parse(text) as Outcome] as const),
  ]);
}
