import type { Digest } from '../../contracts/digest.ts';
import type { SegmentId, SegmentWork } from '../journal.ts';
import { removeOutcomesFromJournal } from './journal-rows.ts';
import { findSegmentRow, removeSegment, removeSegmentRows } from './segment-rows.ts';
import { findOpenTaskResultRow, joinWarnings, updateTaskResult } from './task-result-rows.ts';
import { keepSentOf } from './usage-rows.ts';
import type { Work } from './work.ts';

/** Notes that the blob of a sealed segment cannot be read. */
export function* recordLostSegment(segment: SegmentWork, blob: Digest): Work<void> {
  const { taskResultId, stage, segmentIndex, attempt } = segment;
  const row = yield* findOpenTaskResultRow(taskResultId, attempt);
  if (row === undefined || (yield* findSegmentRow(segment))?.blob_digest !== blob) return;
  if (stage === 'solve' && row.reuse === 'partial') {
    yield* removeSegmentRows(taskResultId);
    yield* updateTaskResult(taskResultId, {
      reuse: null,
      reused_from: null,
      solved_at: null,
      warnings: yield* joinWarnings(row, [`Solver outputs of task result ${row.reused_from} are lost or damaged.`]),
    });
    return;
  }
  yield* removeWork(segment);
  if (stage === 'solve') yield* removeWork({ ...segment, stage: 'score' });
  const what = stage === 'solve' ? 'solver outputs' : 'scores';
  const warning = `Stored ${what} of segment ${segmentIndex} were lost or damaged; they were made anew.`;
  yield* updateTaskResult(taskResultId, { warnings: yield* joinWarnings(row, [warning]) });
}

/** Answers in the journal stay: they are what the models said. */
function* removeWork(segment: SegmentId): Work<void> {
  yield* keepSentOf({ table: 'segments', ...segment });
  yield* keepSentOf({ table: 'journal_outcomes', ...segment });
  yield* removeSegment(segment);
  yield* removeOutcomesFromJournal(segment);
}
