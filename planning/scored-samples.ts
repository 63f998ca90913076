import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { PlannedTaskSpecification } from '../evaluation/plan.ts';
import type { ScoredSample } from '../evaluation/score.ts';
import type { ContentStore } from '../storage/content-store.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import { readSegmentLines } from '../storage/segment-lines.ts';
import type { Store } from '../storage/store.ts';
import { createRowReader } from './datasets/read-rows.ts';

/**
 * The sealed scores of a task result in dataset order; memory holds one segment.
 *
 * @throws {EvaluationError} `blob-missing` where a completed one has lost some; of others what there is is given.
 */
export async function* readScoredSamples(store: Store, record: TaskResultRecord): AsyncGenerator<ScoredSample> {
  // A full reuse has no pieces of its own.
  const taskResultId = record.reuse === 'full' ? (record.reusedFrom ?? record.taskResultId) : record.taskResultId;
  for (let segmentIndex = 0; segmentIndex < record.segmentCount; segmentIndex++) {
    const sealed = await store.results.findSegment({ taskResultId, stage: 'score', segmentIndex });
    if (sealed !== undefined) yield* await readSegmentLines<ScoredSample>(store.content, sealed.blob.digest);
    else if (record.status === 'completed') throw new EvaluationError('blob-missing', 'scores are lost');
  }
}

/** Why samples of the same id need not be the same ones; undefined where they are. */
export async function findPairingObstacle(
  content: ContentStore,
  one: PlannedTaskSpecification,
  other: PlannedTaskSpecification,
): Promise<string | undefined> {
  if (one.dataset.version === other.dataset.version) return undefined;
  for (const { dataset } of [one, other]) {
    const { idSource } = await createRowReader(content, dataset.manifest).getManifest();
    if (idSource === 'position') return 'the dataset has changed, and its rows have no sample_id to pair them by';
  }
  return undefined;
}
