import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { ProgressMark, ProgressReport, TaskReport, WaitActivities } from '../contracts/activities.ts';
import { isFinal, type Status } from '../contracts/status.ts';
import { formatCost } from '../evaluation/usage/cost.ts';
import { decodeUsage } from '../evaluation/usage/stored-usage.ts';
import { addUsage, sumUsage, type Usage } from '../evaluation/usage/usage.ts';
import type { Store } from '../storage/store.ts';
import { makeInterruption } from './interruption.ts';

const lookEveryMs = 1_000;
/** Of all there is to solve and to score. */
const newsAfterShare = 0.05;
/** A page shows no more of them, and a history holds no more. */
const maxUnderWay = 10;

/** Tells a workflow from time to time how far its run has come; see the contract. */
export function createWatchProgress({
  runs,
  results,
}: Pick<Store, 'runs' | 'results'>): Pick<WaitActivities, 'watchProgress'> {
  return {
    async watchProgress({ runId, last }) {
      const context = Context.current();
      for (;;) {
        await sleep(lookEveryMs, undefined, { signal: context.cancellationSignal }).catch(() => undefined);
        if (context.cancellationSignal.aborted) throw makeInterruption(context);
        const report = await readReport(runId);
        if (isNews(report, last)) return report;
      }
    },
  };

  async function readReport(runId: string): Promise<ProgressReport> {
    const [taskResults, progress, waits, soFar] = await Promise.all([
      results.listTaskResults(runId),
      runs.listProgress(runId),
      runs.listWaits(runId),
      runs.listUsage(runId),
    ]);
    const holders = new Map(waits.map(({ taskResultId, holderRunId }) => [taskResultId, holderRunId]));
    const sum = { samples: 0, solved: 0, scored: 0, errors: 0 };
    const queries = { sent: 0, retried: 0 };
    const tasks: Partial<Record<Status, number>> = {};
    const underWay: TaskReport[] = [];
    const byStage = new Map(progress.map((entry) => [`${entry.taskResultId} ${entry.stage}`, entry]));
    for (const { taskResultId, key, status, reuse, samples } of taskResults) {
      const [solve, score] = ['solve', 'score'].map((stage) => byStage.get(`${taskResultId} ${stage}`));
      const isOver = isFinal(status);
      const done = {
        samples: samples.total,
        solved: isOver ? samples.total : (solve?.done ?? 0),
        scored: isOver ? samples.total : (score?.done ?? 0),
        errors: isOver ? samples.errors : (solve?.errors ?? 0) + (score?.errors ?? 0),
      };
      sum.samples += done.samples;
      sum.solved += done.solved;
      sum.scored += done.scored;
      sum.errors += done.errors;
      tasks[status] = (tasks[status] ?? 0) + 1;
      // Of solver outputs that were taken over, the queries are their source's.
      for (const entry of reuse === 'partial' ? [score] : reuse === 'none' ? [solve, score] : []) {
        queries.sent += entry?.queries.sent ?? 0;
        queries.retried += entry?.queries.retried ?? 0;
      }
      const waitsFor = holders.get(taskResultId) ?? null;
      if ((status === 'running' || (!isOver && waitsFor !== null)) && underWay.length < maxUnderWay) {
        underWay.push({ key, ...done, waitsFor });
      }
    }
    const usage = addUsage(...taskResults.map((record) => soFar.get(record.taskResultId) ?? decodeUsage(record.usage)));
    return { ...sum, queries, ...describeCost(usage), tasks, underWay, waiting: holders.size };
  }
}

function describeCost(usage: Usage): Pick<ProgressReport, 'cost'> {
  const { queries, cost } = sumUsage(usage, 'sent');
  return queries === 0 || cost === null ? {} : { cost: formatCost(cost) };
}

function isNews(report: ProgressReport, last: ProgressMark | null): boolean {
  if (last === null) return report.solved + report.scored > 0 || report.waiting > 0;
  const step = Math.max(1, newsAfterShare * 2 * report.samples);
  return report.solved + report.scored - last.solved - last.scored >= step || report.waiting !== last.waiting;
}
