import type { RunDocument, TaskDocument } from '../../client/run-document.ts';
import type { Status } from '../../contracts/status.ts';
import { renderAlerts } from './alerts-text.ts';
import { countCutOff, countRefused } from './answer-counts.ts';
import { formatCount, formatDuration, formatMetric, formatPlural, shortenId } from './format.ts';
import { renderLimits } from './limits-text.ts';
import type { HumanOutput } from './output.ts';
import { renderWarnings } from './plan-table.ts';
import { renderStandsOn, renderVerdict } from './reuse-text.ts';
import type { Style } from './style.ts';
import { type Column, renderTable } from './table.ts';
import { cleanLine, cleanText, indent } from './text.ts';
import { formatCostMicros, renderUsageTable } from './usage-table.ts';

/** What came of a run: a line per task, its metrics, its errors, and the sum of it. */
export function renderResultTable(run: RunDocument, output: HumanOutput, nowMs: number): string {
  const { style } = output;
  const warnings = run.tasks.flatMap((task) => task.warnings.map((warning) => `${task.key}: ${warning}`));
  return [
    renderTasks(run, output, nowMs),
    renderMetrics(run.tasks, output),
    renderUsageTable(run.usage ?? [], output),
    ...run.tasks.map((task) => renderTaskError(task, style)),
    renderWarnings(warnings, output),
    renderAlerts(run.alerts ?? [], style),
    `${renderSummary(run, style)}${renderLimits(run.limits, style)}`,
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

interface TaskColumn extends Column {
  readonly render: (task: TaskDocument) => string;
  /** Left out where it says nothing of any task. */
  readonly matters?: (task: TaskDocument) => boolean;
}

function listColumns({ style }: HumanOutput, nowMs: number): readonly TaskColumn[] {
  return [
    { title: 'task', render: ({ key }) => key },
    { title: 'status', render: ({ status }) => renderStatus(status, style) },
    { title: 'reuse', render: ({ reuse }) => renderVerdict(reuse, style) },
    {
      title: 'stands on',
      render: (task) => renderStandsOn(task, nowMs),
      matters: ({ reused_from: from }) => from !== null,
    },
    countOf('samples', ({ samples }) => samples.total),
    countOf('errors', ({ samples }) => samples.errors, style.bad),
    whereAny(countOf('excluded', ({ samples }) => samples.excluded_from_metrics)),
    whereAny(countOf('cut off', countCutOff, style.attention)),
    whereAny(countOf('refused', countRefused, style.attention)),
    countOf('sent', ({ model_queries: queries }) => queries.sent),
    whereAny(countOf('retried', ({ model_queries: queries }) => queries.retried)),
    countOf('saved', ({ model_queries: queries }) => queries.saved),
    whereAny(countOf('stood', ({ answers_stood: stood = 0 }) => stood)),
    {
      title: 'cost',
      align: 'right',
      render: ({ cost_micros: cost }) => formatCostMicros(cost) ?? '–',
      matters: ({ cost_micros: cost = null }) => cost !== null && Number(cost) !== 0,
    },
    { title: 'time', align: 'right', render: (task) => formatTaskTime(task, nowMs) },
  ];
}

interface CountColumn extends TaskColumn {
  readonly count: (task: TaskDocument) => number;
}

function countOf(title: string, count: CountColumn['count'], paint = (text: string) => text): CountColumn {
  const render = (task: TaskDocument) => (count(task) === 0 ? '0' : paint(formatCount(count(task))));
  return { title, align: 'right', count, render };
}

function whereAny(column: CountColumn): TaskColumn {
  return { ...column, matters: (task) => column.count(task) > 0 };
}

function renderTasks({ tasks }: RunDocument, output: HumanOutput, nowMs: number): string {
  const columns = listColumns(output, nowMs).filter(({ matters }) => matters === undefined || tasks.some(matters));
  return renderTable(
    columns,
    tasks.map((task) => columns.map(({ render }) => render(task))),
    output,
  );
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
    ...(run.answers_stood ? [`${formatPlural(run.answers_stood, 'single answer')} stood`] : []),
  ].join(', ');
  const cost = Number(run.cost_micros ?? 0) === 0 ? '' : `, ${formatCostMicros(run.cost_micros)}`;
  const attempt = run.attempt > 1 ? `, attempt ${run.attempt}` : '';
  return `Run ${style.strong(shortenId(run.run))} ${renderStatus(run.status, style)} in ${formatDuration(run.duration_ms)}${attempt}: ${queries}${cost}.\n`;
}
