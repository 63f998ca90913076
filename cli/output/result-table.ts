import type { RunDocument, TaskDocument } from '../../client/run-document.ts';
import type { Status } from '../../contracts/status.ts';
import { renderAlerts } from './alerts-text.ts';
import { formatCount, formatDuration, formatMetric, formatPlural, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import { renderWarnings } from './plan-table.ts';
import { renderStandsOn, renderVerdict } from './reuse-text.ts';
import type { Style } from './style.ts';
import { type Column, renderTable } from './table.ts';
import { cleanLine, cleanText, indent } from './text.ts';

/** What came of a run: a line per task, its metrics, its errors, and the sum of it. */
export function renderResultTable(run: RunDocument, output: HumanOutput, nowMs: number): string {
  const { style } = output;
  const warnings = run.tasks.flatMap((task) => task.warnings.map((warning) => `${task.key}: ${warning}`));
  return [
    renderTasks(run, output, nowMs),
    renderMetrics(run.tasks, output),
    ...run.tasks.map((task) => renderTaskError(task, style)),
    renderWarnings(warnings, output),
    renderAlerts(run.alerts ?? [], style),
    renderSummary(run, style),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

export function renderStatus(status: Status, style: Style): string {
  switch (status) {
    case 'completed':
      return style.good(status);
    case 'failed':
      return style.bad(status);
    case 'cancelled':
      return style.attention(status);
    case 'pending':
    case 'running':
      return status;
  }
}

/** A row per metric; a null value is `–` with its reason beside it. */
export function renderMetrics(tasks: readonly TaskDocument[], output: HumanOutput): string {
  const rows = tasks.flatMap((task) =>
    Object.entries(task.metrics ?? {}).map(([name, value]) => [
      task.key,
      cleanLine(name),
      formatMetric(value),
      [
        ...(value === null ? [cleanLine(task.metric_reasons[name] ?? 'no reason recorded')] : []),
        ...(task.metrics_are_partial ? ['partial: over the good samples only'] : []),
      ].join('; '),
    ]),
  );
  if (rows.length === 0) return '';
  const hasNotes = rows.some((row) => row[3] !== '');
  const columns: readonly Column[] = [
    { title: 'task' },
    { title: 'metric' },
    { title: 'value', align: 'right' },
    ...(hasNotes ? [{ title: 'note' }] : []),
  ];
  return renderTable(columns, hasNotes ? rows : rows.map((row) => row.slice(0, 3)), output);
}

export function renderTaskError(task: TaskDocument, style: Style): string {
  if (task.error === null) return '';
  const hint = task.error.hint === undefined ? '' : `${indent(cleanText(task.error.hint), 2)}\n`;
  return `${style.strong(task.key)}: ${style.bad('error:')} ${cleanText(task.error.message)} ${style.faint(`[${task.error.code}]`)}\n${hint}`;
}

function renderTasks(run: RunDocument, output: HumanOutput, nowMs: number): string {
  const { style } = output;
  const hasExcluded = run.tasks.some((task) => task.samples.excluded_from_metrics > 0);
  const hasRetries = run.tasks.some((task) => task.model_queries.retried > 0);
  const hasSources = run.tasks.some((task) => task.reused_from !== null);
  const columns: readonly Column[] = [
    { title: 'task' },
    { title: 'status' },
    { title: 'reuse' },
    ...(hasSources ? [{ title: 'stands on' }] : []),
    { title: 'samples', align: 'right' },
    { title: 'errors', align: 'right' },
    ...(hasExcluded ? [{ title: 'excluded', align: 'right' } as const] : []),
    { title: 'sent', align: 'right' },
    ...(hasRetries ? [{ title: 'retried', align: 'right' } as const] : []),
    { title: 'saved', align: 'right' },
    { title: 'time', align: 'right' },
  ];
  const rows = run.tasks.map((task) => [
    task.key,
    renderStatus(task.status, style),
    renderVerdict(task.reuse, style),
    ...(hasSources ? [renderStandsOn(task, nowMs)] : []),
    formatCount(task.samples.total),
    task.samples.errors === 0 ? '0' : style.bad(formatCount(task.samples.errors)),
    ...(hasExcluded ? [formatCount(task.samples.excluded_from_metrics)] : []),
    formatCount(task.model_queries.sent),
    ...(hasRetries ? [formatCount(task.model_queries.retried)] : []),
    formatCount(task.model_queries.saved),
    formatTaskTime(task, nowMs),
  ]);
  return renderTable(columns, rows, output);
}

function formatTaskTime(task: TaskDocument, nowMs: number): string {
  if (task.started_at === null) return '–';
  const end = task.ended_at === null ? nowMs : Date.parse(task.ended_at);
  return formatDuration(end - Date.parse(task.started_at));
}

function renderSummary(run: RunDocument, style: Style): string {
  const { sent, retried, saved } = run.model_queries;
  const queries = [
    `${formatPlural(sent, 'query', 'queries')} sent`,
    ...(retried > 0 ? [`${formatCount(retried)} retried`] : []),
    `${formatCount(saved)} saved by reuse`,
  ].join(', ');
  const attempt = run.attempt > 1 ? `, attempt ${run.attempt}` : '';
  return `Run ${style.strong(shortenId(run.run))} ${renderStatus(run.status, style)} in ${formatDuration(run.duration_ms)}${attempt}: ${queries}.\n`;
}
