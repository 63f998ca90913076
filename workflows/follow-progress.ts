import { CancellationScope } from '@temporalio/workflow';
import type { ProgressMark, ProgressReport } from '../contracts/activities.ts';
import type { Queues } from '../contracts/workflow-inputs.ts';
import { waitActivitiesOn } from './activity-proxies.ts';

/** Six events each: far from the limit of a history. A run that goes by twentieths needs 20. */
const maxReports = 200;

/**
 * Hears how far the run has come, for as long as the workflow is open: one activity waits for news in the store, and ends
 * with the workflow. Nothing depends on it.
 */
export function followProgress(runId: string, queues: Queues, onReport: (report: ProgressReport) => void): void {
  const follow = async () => {
    let last: ProgressMark | null = null;
    for (let reports = 0; reports < maxReports; reports++) {
      const report: ProgressReport = await waitActivitiesOn(queues).watchProgress.executeWithOptions(
        { summary: 'watch the progress for this page' },
        [{ runId, last }],
      );
      const { solved, scored, waiting } = report;
      last = { solved, scored, waiting };
      onReport(report);
    }
  };
  // A cancel of the run is no reason to look away.
  CancellationScope.nonCancellable(follow).catch(() => undefined);
}
