import type { ProgressReport, TaskReport } from '../contracts/activities.ts';
import type { TaskCounts } from '../contracts/workflow-inputs.ts';

// What Temporal's web pages show of a workflow while it is open: Markdown, counters and names only.

/** What the page of an evaluation is made of. */
export interface EvaluationDetails {
  readonly runId: string;
  readonly pausedAt: string | null;
  readonly report: ProgressReport | null;
}

export function renderEvaluationDetails({ runId, pausedAt, report }: EvaluationDetails): string {
  const paused =
    pausedAt === null
      ? []
      : [`**paused** since ${pausedAt}: nothing new is sent. Go on with \`stet unpause ${runId.slice(0, 8)}\`.`];
  if (report === null) return [...paused, `See the run with \`stet show ${runId.slice(0, 8)}\`.`].join('\n\n');
  const { samples, solved, scored, errors, cost, tasks, underWay, waiting } = report;
  const counted = Object.entries(tasks).map(([status, count]) => `${count} ${status}`);
  return [
    ...paused,
    `**${formatShare(solved + scored, 2 * samples)}** · ${countOf(solved, samples)} samples solved · ${countOf(scored, samples)} scored · ${formatErrors(errors)}`,
    `${formatQueries(report.queries)}${cost === undefined ? '' : ` · ${cost}`} · tasks: ${counted.join(', ')}${waiting === 0 ? '' : `, ${waiting} waiting for other runs`}`,
    // Not a table: the pages show its columns without a space between.
    ...(underWay.length === 0 ? [] : [underWay.map(renderTaskLine).join('\n')]),
  ].join('\n\n');
}

function renderTaskLine({ key, samples, solved, scored, errors, waitsFor }: TaskReport): string {
  const wait = waitsFor === null ? '' : ` · waits for run ${escape(waitsFor)}`;
  return `- **${escape(key)}**: ${countOf(solved, samples)} solved · ${formatCount(scored)} scored · ${formatErrors(errors)}${wait}`;
}

/** What the page of a task result is made of. */
export interface TaskDetails {
  readonly stage: 'solve' | 'score' | 'metrics';
  readonly segments: { readonly done: number; readonly total: number };
  readonly samples: number | undefined;
  readonly counts: TaskCounts;
}

export function renderTaskDetails({ stage, segments, samples, counts }: TaskDetails): string {
  const done = stage === 'solve' ? counts.solved : counts.scored;
  const what = stage === 'metrics' ? 'metrics and publication' : stage;
  return [
    `${what}: **${formatCount(segments.done)}** of ${formatCount(segments.total)} segments · ${samples === undefined ? formatCount(done) : countOf(done, samples)} samples · ${formatErrors(counts.errors)}`,
    `${formatQueries(counts.queries)}. What segments in progress do, and wait for, is in their heartbeats.`,
  ].join('\n\n');
}

function formatQueries({ sent, retried }: TaskCounts['queries']): string {
  return `${formatCount(sent)} queries sent, ${formatCount(retried)} retried`;
}

function formatErrors(errors: number): string {
  return errors === 0 ? 'no errors' : errors === 1 ? '1 error' : `**${formatCount(errors)} errors**`;
}

function countOf(done: number, total: number): string {
  return `${formatCount(done)} of ${formatCount(total)}`;
}

function formatShare(done: number, total: number): string {
  return total === 0 ? '100 %' : `${Math.floor((100 * done) / total)} %`;
}

/** Not by locale: a replay elsewhere must come to the same. */
function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Names come from files, and are no Markdown. */
function escape(name: string): string {
  return name.replace(/[\\`*_[\]<>]/g, String.raw`\$&`).slice(0, 200);
}
