import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { compareMetrics } from '../../evaluation/compare/compare-metrics.ts';
import { findFlips } from '../../evaluation/compare/find-flips.ts';
import { arePaired, type Pairing, pairNothing, pairScores } from '../../evaluation/compare/pair-scores.ts';
import { createSampleScoresReader, type SampleScores } from '../../evaluation/compare/sample-scores.ts';
import type { PlannedTaskSpecification } from '../../evaluation/plan.ts';
import { describeField } from '../../evaluation/reuse/describe-difference.ts';
import { findDifferences } from '../../evaluation/reuse/explain-difference.ts';
import { findPairingObstacle, readScoredSamples } from '../../planning/scored-samples.ts';
import { isBlobLost } from '../../storage/is-blob-lost.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import type { Store } from '../../storage/store.ts';
import type { TaskDocument } from '../run-document.ts';
import type { ChosenTask } from './choose-tasks.ts';
import { compareTaskMetrics } from './compare-task-metrics.ts';
import type { ChangeDocument, DiffSideDocument, SampleListDocument, TaskDiffDocument } from './diff-document.ts';

/** The same resampling for the same scores, always. */
const seed = 1;

export interface CompareOptions {
  readonly confidence: number;
  /** Ids of samples to list at most, of each kind. */
  readonly samples: number;
}

/** What a task result has that is compared. */
export interface DiffSide extends ChosenTask {
  readonly record: TaskResultRecord;
  readonly document: TaskDocument;
}

/** A task's comparison, but for the correction over all tasks, for which `p_adjusted` and `is_beyond_noise` wait. */
export async function compareTasks(
  store: Store,
  [first, second]: readonly [DiffSide, DiffSide],
  options: CompareOptions,
): Promise<TaskDiffDocument> {
  const obstacle = await findPairingObstacle(store.content, first.task, second.task);
  const [before, after] = [await readScores(store, first), await readScores(store, second)];
  const pairing = obstacle === undefined ? pairScores(before, after) : pairNothing(before, after);
  const isPaired = arePaired(pairing);
  const reason = isPaired ? null : (obstacle ?? describeOverlap(pairing));
  const listIds = ({ ids }: SampleScores, places: readonly number[]) =>
    listSamples(
      places.map((place) => ids[place] as string),
      options.samples,
    );
  return {
    first: makeSide(first),
    second: makeSide(second),
    samples: {
      in_both: pairing.pairs.length,
      only_in_first: listIds(before, pairing.onlyInFirst),
      only_in_second: listIds(after, pairing.onlyInSecond),
      are_paired: isPaired,
      reason,
    },
    metrics: await compareTaskMetrics(store, [first, second], (metrics) =>
      compareMetrics(
        { first: before, second: after, pairing, isPaired, confidence: options.confidence, seed },
        metrics,
      ),
    ),
    flips: findFlips(before, after, pairing).map(({ scorer, score, toRight, toWrong }) => ({
      scorer,
      score,
      to_right: listSamples(toRight, options.samples),
      to_wrong: listSamples(toWrong, options.samples),
    })),
    errors: obstacle === undefined ? findErrors(before, after, options.samples) : { new: none, gone: none },
    changes: listChanges(first.task, second.task),
    notes: [...describeReuse(first, second), ...describeState(first), ...describeState(second)],
  };
}

async function readScores(store: Store, { record, task, run }: DiffSide): Promise<SampleScores> {
  const reader = createSampleScoresReader(task.definition.scorers);
  try {
    for await (const scored of readScoredSamples(store, record)) reader.add(scored);
  } catch (error) {
    if (!isBlobLost(error) || !(error instanceof EvaluationError)) throw error;
    throw new EvaluationError(error.code, `Scores of task "${task.key}" of run ${run.runId} are lost or damaged.`, {
      hint: 'Running the evaluation again makes them anew.',
      cause: error,
    });
  }
  return reader.finish();
}

function describeOverlap({ pairs }: Pairing): string {
  return pairs.length === 0 ? 'they have no sample in common' : 'they have few samples in common';
}

function makeSide({ run, task, value, record, document }: DiffSide): DiffSideDocument {
  return {
    run: run.runId,
    task: task.key,
    task_result: record.taskResultId,
    model: task.model_key ?? null,
    value,
    status: record.status,
    samples: document.samples,
    usage: document.usage ?? [],
  };
}

const none: SampleListDocument = { count: 0, samples: [] };

function listSamples(ids: readonly string[], limit: number): SampleListDocument {
  return { count: ids.length, samples: ids.slice(0, limit) };
}

/** Samples with a kind of error that they do not have in the other result. */
function findErrors(before: SampleScores, after: SampleScores, limit: number): TaskDiffDocument['errors'] {
  const findNew = (from: SampleScores, to: SampleScores) => {
    const known = new Set(from.ids);
    const ids = [...to.errors].flatMap(([id, errors]) =>
      known.has(id) && errors.some((error) => from.errors.get(id)?.includes(error) !== true) ? [id] : [],
    );
    return listSamples(ids.sort(), limit);
  };
  return { new: findNew(before, after), gone: findNew(after, before) };
}

function listChanges(before: PlannedTaskSpecification, after: PlannedTaskSpecification): ChangeDocument[] {
  const schemas = [before, after].map(({ solver_fingerprint: fingerprint }) => fingerprint['schema']);
  if (schemas[0] !== schemas[1]) {
    const sentence = 'The two were planned by versions of Stet that record different fields, which cannot be compared.';
    return [{ component: 'schema', path: '', sentence }];
  }
  const found = new Map<string, ChangeDocument>();
  for (const [from, to] of [
    [before.solver_fingerprint, after.solver_fingerprint],
    [before.result_fingerprint, after.result_fingerprint],
  ] as const) {
    for (const difference of findDifferences(from, to)) {
      const { component, path, before: old, after: present } = difference;
      // Some parts stand in both fingerprints.
      found.set(`${component}${path}`, {
        component,
        path,
        ...(old === undefined ? {} : { before: old }),
        ...(present === undefined ? {} : { after: present }),
        sentence: describeField(difference, {
          before: from,
          after: to,
          ...(before.model_key === after.model_key ? { modelKey: after.model_key } : {}),
          rows: { before: before.dataset.count, after: after.dataset.count },
        }),
      });
    }
  }
  return [...found.values()];
}

function describeReuse({ record: first }: DiffSide, { record: second }: DiffSide): string[] {
  if (findOrigin(first) === findOrigin(second)) {
    return ['Both are one and the same result, which stood by full reuse: nothing was measured anew.'];
  }
  return findSolved(first) === findSolved(second)
    ? ['Both judge the same solver outputs, which stood by partial reuse.']
    : [];
}

/** The task result whose scores these are. */
function findOrigin({ taskResultId, reuse, reusedFrom }: TaskResultRecord): string {
  return reuse === 'full' ? (reusedFrom ?? taskResultId) : taskResultId;
}

/** The one whose solver outputs these are, as far as this record knows. */
function findSolved({ taskResultId, reusedFrom }: TaskResultRecord): string {
  return reusedFrom ?? taskResultId;
}

function describeState({ run, task, record }: DiffSide): string[] {
  return record.status === 'completed'
    ? []
    : [`Task ${task.key} of run ${run.runId} is ${record.status}; what it has is compared.`];
}
