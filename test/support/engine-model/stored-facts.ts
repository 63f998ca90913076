import type { Store } from '../../../storage/index.ts';
import { type Condition, inspect, listBlobs, type Piece } from './blobs.ts';
import type { QueryStage } from './gate.ts';
import { listRows, type TaskModel } from './model.ts';
import { countTrials, segmentSize } from './settings.ts';

/** Whether the journal, or a sealed segment, has every answer that the model says was received. */
export async function areAnswersRecorded(
  store: Store,
  taskResultId: string,
  task: TaskModel,
  queryStage: QueryStage,
): Promise<boolean> {
  const stage = queryStage === 'solve' ? 'solve' : 'score';
  const answered = queryStage === 'solve' ? task.answered : task.judged;
  const refused = queryStage === 'solve' ? task.refused : [];
  for (let segmentIndex = 0; segmentIndex * segmentSize < answered.length; segmentIndex++) {
    const segment = { taskResultId, stage, segmentIndex } as const;
    if ((await store.results.findSegment(segment))?.isReopened === false) continue;
    const { answers, outcomes } = await store.journal.load(segment);
    for (const row of listRows().filter((index) => Math.floor(index / segmentSize) === segmentIndex)) {
      if (outcomes.some(({ sampleIndex }) => sampleIndex === row)) continue;
      const isOver = (answered[row] ?? 0) + (refused[row] ?? 0) === countTrials(task.settings);
      if (isOver || answers.filter(({ sampleIndex }) => sampleIndex === row).length < (answered[row] ?? 0)) {
        return false;
      }
    }
  }
  return true;
}

/** What became of the blobs of a task result. */
export async function findConditions(
  store: Store,
  storeDirectory: string,
  taskResultId: string,
): Promise<{ readonly outputs: Condition; readonly scores: Condition }> {
  const look = async (piece: Piece) =>
    inspect(storeDirectory, await listBlobs(store, storeDirectory, taskResultId, piece));
  // A look-up reads these two.
  const isReadWhole = (await look('metrics')) === 'intact' && (await look('manifest')) === 'intact';
  return { outputs: await look('outputs'), scores: isReadWhole ? await look('scores') : 'lost' };
}
