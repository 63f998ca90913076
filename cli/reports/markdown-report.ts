import type { RunDocument, TaskDocument } from '../../client/run-document.ts';
import { type AlertFinding, isRaised } from '../../contracts/alert-finding.ts';
import { describeVerdict } from '../output/alerts-text.ts';
import { countCutOff, countRefused } from '../output/answer-counts.ts';
import { formatAge, formatCount, formatDuration, formatMetric, formatPlural, shortenId } from '../output/format.ts';
import { describeLimitUse } from '../output/limits-text.ts';
import { explainWork } from '../output/reuse-text.ts';
import { makeStyle } from '../output/style.ts';
import { formatCostMicros } from '../output/usage-table.ts';
import { escapeMarkdown, type MarkdownColumn, renderMarkdownCode, renderMarkdownTable } from './markdown-text.ts';

/** A run as a comment for a pull request: what came out, what it stood on, and why anything had to be computed. */
export function renderMarkdownReport(run: RunDocument, nowMs: number): string {
  return [
    renderHeading(run),
    renderTasks(run, nowMs),
    renderMetrics(run),
    renderProblems(run),
    renderAlerts(run.alerts ?? []),
    renderReasons(run),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const uncoloured = makeStyle({ write: () => {} }, {}, true);

function renderHeading(run: RunDocument): string {
  const { sent, retried, saved } = run.model_queries;
  const facts = [
    `run ${renderMarkdownCode(shortenId(run.run))}${run.label === null ? '' : ` (${renderMarkdownCode(run.label)})`}`,
    `policy ${renderMarkdownCode(run.cache_policy)}`,
    formatDuration(run.duration_ms),
    `${formatPlural(sent, 'query', 'queries')} sent${retried === 0 ? '' : `, ${formatCount(retried)} retried`}, ${formatCount(saved)} saved by reuse`,
    ...(Number(run.cost_micros ?? 0) === 0 ? [] : [formatCostMicros(run.cost_micros) ?? '']),
    ...(run.limits ? [`${describeLimitUse(run.limits, uncoloured)} of its limits`] : []),
  ];
  return `### ${renderMarkdownCode(run.evaluation)}: ${run.status}\n\n${facts.join(' · ')}\n`;
}

interface Column extends MarkdownColumn {
  readonly read: (task: TaskDocument) => string;
  /** Left out where it says nothing of any task. */
  readonly matters?: (task: TaskDocument) => boolean;
}

function listColumns(nowMs: number): readonly Column[] {
  return [
    { title: 'Task', read: ({ key }) => renderMarkdownCode(key) },
    { title: 'Status', read: ({ status }) => (status === 'completed' ? status : `**${status}**`) },
    { title: 'Reuse', read: ({ reuse }) => reuse ?? '–' },
    {
      title: 'Stands on',
      read: (task) => describeSource(task, nowMs),
      matters: ({ reused_from: from }) => from !== null,
    },
    { title: 'Samples', align: 'right', read: ({ samples }) => formatCount(samples.total) },
    { title: 'Errors', align: 'right', read: ({ samples }) => formatCount(samples.errors) },
    {
      title: 'Excluded',
      align: 'right',
      read: ({ samples }) => formatCount(samples.excluded_from_metrics),
      matters: ({ samples }) => samples.excluded_from_metrics > 0,
    },
    {
      title: 'Cut off',
      align: 'right',
      read: (task) => formatCount(countCutOff(task)),
      matters: (task) => countCutOff(task) > 0,
    },
    {
      title: 'Refused',
      align: 'right',
      read: (task) => formatCount(countRefused(task)),
      matters: (task) => countRefused(task) > 0,
    },
    { title: 'Sent', align: 'right', read: ({ model_queries: queries }) => formatCount(queries.sent) },
    {
      title: 'Retried',
      align: 'right',
      read: ({ model_queries: queries }) => formatCount(queries.retried),
      matters: ({ model_queries: queries }) => queries.retried > 0,
    },
    { title: 'Saved', align: 'right', read: ({ model_queries: queries }) => formatCount(queries.saved) },
    {
      title: 'Stood',
      align: 'right',
      read: ({ answers_stood: stood = 0 }) => formatCount(stood),
      matters: ({ answers_stood: stood = 0 }) => stood > 0,
    },
    {
      title: 'Cost',
      align: 'right',
      read: ({ cost_micros: cost }) => formatCostMicros(cost) ?? '–',
      matters: ({ cost_micros: cost }) => Number(cost ?? 0) !== 0,
    },
  ];
}

function renderTasks({ tasks }: RunDocument, nowMs: number): string {
  if (tasks.length === 0) return 'No task to run.\n';
  const columns = listColumns(nowMs).filter(
    ({ matters }) => matters === undefined || tasks.some((task) => matters(task)),
  );
  return renderMarkdownTable(
    columns,
    tasks.map((task) => columns.map((column) => column.read(task))),
  );
}

function describeSource(task: TaskDocument, nowMs: number): string {
  const { reused_from: result, reused_from_run: run = null, reused_at: at } = task;
  if (result === null) return '–';
  const source =
    run === null ? `result ${renderMarkdownCode(shortenId(result))}` : `run ${renderMarkdownCode(shortenId(run))}`;
  return at === null ? source : `${source}, ${formatAge(at, nowMs)}`;
}

/** With the difference to the baseline, for the metrics that an alert compares. */
function renderMetrics(run: RunDocument): string {
  const compared = (run.alerts ?? []).filter(({ baseline_value: value }) => value !== null);
  const rows = run.tasks.flatMap((task) =>
    Object.entries(task.metrics ?? {}).map(([name, value]) => {
      const finding = compared.find(({ task: key, metric }) => key === task.key && metric === name);
      return {
        cells: [renderMarkdownCode(task.key), renderMarkdownCode(name), formatMetric(value)],
        baseline:
          finding === undefined ? ['', ''] : [formatMetric(finding.baseline_value), describeDifference(finding)],
        note: [
          ...(value === null ? [escapeMarkdown(task.metric_reasons[name] ?? 'no reason recorded')] : []),
          ...(task.metrics_are_partial ? ['partial: over the good samples only'] : []),
        ].join('; '),
      };
    }),
  );
  if (rows.length === 0) return '';
  const hasBaseline = rows.some(({ baseline }) => baseline[0] !== '');
  const hasNotes = rows.some(({ note }) => note !== '');
  return renderMarkdownTable(
    [
      { title: 'Task' },
      { title: 'Metric' },
      { title: 'Value', align: 'right' },
      ...(hasBaseline
        ? ([
            { title: 'Baseline', align: 'right' },
            { title: 'Difference', align: 'right' },
          ] as const)
        : []),
      ...(hasNotes ? [{ title: 'Note' }] : []),
    ],
    rows.map(({ cells, baseline, note }) => [...cells, ...(hasBaseline ? baseline : []), ...(hasNotes ? [note] : [])]),
  );
}

function describeDifference({ value, baseline_value: baseline, difference }: AlertFinding): string {
  const sign = (number: number) => `${number < 0 ? '−' : '+'}${formatMetric(Math.abs(number))}`;
  if (difference !== null) {
    const [lower, upper] = difference.interval;
    return `${sign(difference.estimate)} (95 %: ${sign(lower)} to ${sign(upper)})`;
  }
  return value === null || baseline === null ? '' : sign(value - baseline);
}

function renderProblems({ tasks }: RunDocument): string {
  return tasks
    .flatMap(({ key, error, warnings }) => [
      ...(error === null
        ? []
        : [
            `- ${renderMarkdownCode(key)} **failed**: ${escapeMarkdown(error.message)} (${renderMarkdownCode(error.code)})\n`,
          ]),
      ...warnings.map((warning) => `- ${renderMarkdownCode(key)} warning: ${escapeMarkdown(warning)}\n`),
    ])
    .join('');
}

function renderAlerts(findings: readonly AlertFinding[]): string {
  return findings
    .map((finding) => {
      const verdict = describeVerdict(finding.verdict);
      return `- Alert ${renderMarkdownCode(finding.alert)}: ${isRaised(finding) ? `**${verdict}**` : verdict}. ${escapeMarkdown(finding.sentence)}\n`;
    })
    .join('');
}

/** Folded away: who wonders why something was computed looks it up. */
function renderReasons({ tasks }: RunDocument): string {
  const lines = tasks.flatMap(({ key, reuse, why }) => {
    const reason = explainWork(reuse, why);
    return reason === undefined ? [] : [`- ${renderMarkdownCode(key)}, reuse ${reuse}: ${escapeMarkdown(reason)}\n`];
  });
  if (lines.length === 0) return '';
  return `<details><summary>Why ${formatPlural(lines.length, 'task')} had to work</summary>\n\n${lines.join('')}\n</details>\n`;
}
