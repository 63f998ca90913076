import type { RunSummaryDocument } from '../../client/run-document.ts';
import { isRaised } from '../../contracts/alert-finding.ts';
import { isFinal } from '../../contracts/status.ts';
import { formatAge, formatCount, formatDuration, shortenId } from './format.ts';
import type { MakeCommandLine } from './next-steps.ts';
import type { HumanOutput } from './output.ts';
import { renderStatus } from './result-table.ts';
import { renderTable } from './table.ts';
import { cleanLine } from './text.ts';
import { formatCostMicros } from './usage-table.ts';

/** Runs, newest first. */
export function renderRunList(runs: readonly RunSummaryDocument[], output: HumanOutput, nowMs: number): string {
  const hasLabels = runs.some((run) => run.label !== null);
  const hasCosts = runs.some(({ cost_micros: cost }) => Number(cost ?? 0) !== 0);
  return renderTable(
    [
      { title: 'run' },
      { title: 'evaluation' },
      ...(hasLabels ? [{ title: 'label' }] : []),
      { title: 'status' },
      { title: 'policy', isMinor: true },
      { title: 'started' },
      { title: 'time', align: 'right' },
      { title: 'tasks', align: 'right', isMinor: true },
      { title: 'sent', align: 'right' },
      { title: 'saved', align: 'right' },
      ...(hasCosts ? [{ title: 'cost', align: 'right' } as const] : []),
    ],
    runs.map((run) => [
      shortenId(run.run),
      run.evaluation,
      ...(hasLabels ? [cleanLine(run.label ?? '')] : []),
      describeStatus(run, output),
      run.cache_policy,
      formatAge(run.started_at, nowMs),
      run.ended_at === null ? '–' : formatDuration(Date.parse(run.ended_at) - Date.parse(run.started_at)),
      formatCount(run.tasks),
      formatCount(run.model_queries.sent),
      formatCount(run.model_queries.saved),
      ...(hasCosts ? [formatCostMicros(run.cost_micros) ?? '–'] : []),
    ]),
    output,
  );
}

function describeStatus(run: RunSummaryDocument, output: HumanOutput): string {
  const remarks = [
    ...((run.paused_at ?? null) === null ? [] : ['paused']),
    ...(isOrphaned(run) ? ['left open'] : []),
    ...((run.alerts ?? []).some(isRaised) ? ['alert'] : []),
  ];
  if (remarks.length === 0) return renderStatus(run.status, output.style);
  return output.style.attention([run.status, ...remarks].join(', '));
}

/** Says which runs are open with nobody working on them, and how each goes on or ends; nothing is done about them. */
export function renderOpenRuns(
  runs: readonly RunSummaryDocument[],
  output: HumanOutput,
  commandLine: MakeCommandLine,
): string {
  return runs
    .filter(isOrphaned)
    .map(
      (run) =>
        `${output.style.attention('Open:')} run ${shortenId(run.run)} of ${run.evaluation} ${describeBeginning(run)} and nobody works on it. ` +
        `Go on: ${commandLine('resume', shortenId(run.run))}${output.style.isPlain ? '\nEnd it' : ' · end it'}: ${commandLine('cancel', shortenId(run.run))}\n`,
    )
    .join('');
}

function describeBeginning({ status, schedule = null }: RunSummaryDocument): string {
  return schedule !== null && status === 'pending' ? `was begun by schedule ${schedule}` : 'was interrupted';
}

function isOrphaned(run: RunSummaryDocument): boolean {
  return !isFinal(run.status) && !run.has_owner && run.on_workers !== true;
}
