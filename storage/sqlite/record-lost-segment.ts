import type { Digest } from '../../contracts/digest.ts';
import type { SegmentId, SegmentWork } from '../journal.ts';
import type { SqliteConnection } from './connection.ts';
import { JournalRows } from './journal-rows.ts';
import { findSegmentRow, removeSegment, removeSegmentRows } from './segment-rows.ts';
import { findOpenTaskResultRow, joinWarnings, updateTaskResult } from './task-result-rows.ts';

/** Notes that the blob of a sealed segment cannot be read. Called within a transaction. */
export function recordLostSegment(connection: SqliteConnection, segment: SegmentWork, blob: Digest): void {
  const { taskResultId, stage, segmentIndex, attempt } = segment;
  const row = findOpenTaskResultRow(connection, taskResultId, attempt);
  if (row === undefined || findSegmentRow(connection, segment)?.blob_digest !== blob) return;
  if (stage === 'solve' && row.reuse === 'partial') {
    removeSegmentRows(connection, taskResultId);
    updateTaskResult(connection, taskResultId, {
      reuse: null,
      reused_from: null,
      solved_at: null,
      warnings: joinWarnings(row, [`Solver outputs of task result ${row.reused_from} are lost or damaged.`]),
    });
    return;
  }
  removeWork(connection, segment);
  if (stage === 'solve') removeWork(connection, { ...segment, stage: 'score' });
  const what = stage === 'solve' ? 'solver outputs' : 'scores';
  const warning = `Stored ${what} of segment ${segmentIndex} were lost or damaged; they were made anew.`;
  updateTaskResult(connection, taskResultId, { warnings: joinWarnings(row, [warning]) });
}

/** Answers in the journal stay: they are what the models said. */
function removeWork(connection: SqliteConnection, segment: SegmentId): void {
  removeSegment(connection, segment);
  new JournalRows(connection).removeOutcomes(segment);
}
