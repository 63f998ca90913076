import type {
  DiffDocument,
  DiffRunDocument,
  FlipsDocument,
  GateDocument,
  MetricDiffDocument,
  SampleListDocument,
  TaskDiffDocument,
} from '../../client/diff/diff-document.ts';
import type { ComparisonMethod, IntervalMethod } from '../../evaluation/compare/metric-difference.ts';
import { renderDiffUsage } from './diff-usage.ts';
import { formatAge, formatCount, formatMetric, formatPlural, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import { becomes, type Style } from './style.ts';
import { type Column, renderTable } from './table.ts';
import { cleanLine, indent, wrapText } from './text.ts';

/** Two results side by side: whether it got better, or is noise. */
export function renderDiff(diff: DiffDocument, output: HumanOutput, nowMs: number): string {
  const parts = [
    renderHeading(diff, output, nowMs),
    ...diff.tasks.map((task) => renderTask(diff, task, output)),
    renderMethods(diff, output),
    renderUnmatched(diff, output),
    diff.gates.map((gate) => renderGate(gate, output)).join(''),
    renderSummary(diff, output),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function renderHeading({ first, second, by }: DiffDocument, output: HumanOutput, nowMs: number): string {
  const { style } = output;
  const describe = ({ run, label, evaluation, started_at: startedAt }: DiffRunDocument) => {
    const name = label === null ? '' : ` "${cleanLine(label)}"`;
    return `${style.strong(`run ${shortenId(run)}`)}${name} of ${evaluation}, ${formatAge(startedAt, nowMs)}`;
  };
  if (by !== null) return wrap(`By ${cleanLine(by)}, in ${describe(first)}`, output);
  if (first.run === second.run) return wrap(`In ${describe(first)}`, output);
  return `${wrap(`First: ${describe(first)}`, output)}${wrap(`Second: ${describe(second)}`, output)}`;
}

function renderTask(diff: DiffDocument, task: TaskDiffDocument, output: HumanOutput): string {
  const { style } = output;
  const heading = `${style.strong(describePair(diff, task, style))}\n${wrap(describeSamples(task, style), output)}`;
  const parts = [
    task.metrics.length === 0 ? 'There are no metrics to compare.\n' : renderMetrics(diff, task.metrics, output),
    [
      ...task.flips.map((flips) => renderFlips(flips, output)),
      renderList('New errors', task.errors.new, output),
      renderList('Gone errors', task.errors.gone, output),
      ...(task.samples.are_paired ? renderUnpaired(task, output) : []),
    ].join(''),
    renderChanges(task, output),
    renderDiffUsage(task, output),
    task.notes.map((note) => wrap(style.attention(note), output)).join(''),
  ];
  return `${heading}${parts.filter((part) => part !== '').join('\n')}`;
}

function renderUnpaired({ samples }: TaskDiffDocument, output: HumanOutput): string[] {
  return [
    renderList('Only in the first', samples.only_in_first, output),
    renderList('Only in the second', samples.only_in_second, output),
  ];
}

function describePair({ by }: DiffDocument, { first, second }: TaskDiffDocument, style: Style): string {
  if (by === null) return first.task === second.task ? first.task : `${first.task}${becomes(style)}${second.task}`;
  const describe = (side: TaskDiffDocument['first']) =>
    `${side.task} (${cleanLine(typeof side.value === 'string' ? side.value : JSON.stringify(side.value))})`;
  return `${describe(first)}${becomes(style)}${describe(second)}`;
}

function describeSamples({ samples, first, second }: TaskDiffDocument, style: Style): string {
  const excluded = [first, second].map((side) => side.samples.excluded_from_metrics);
  const errors = [first, second].map((side) => side.samples.errors);
  const counts = [
    ...(errors.some((count) => count > 0) ? [`errors ${errors.map(formatCount).join(becomes(style))}`] : []),
    ...(excluded.some((count) => count > 0)
      ? [`excluded from metrics ${excluded.map(formatCount).join(becomes(style))}`]
      : []),
  ];
  const pairing = samples.are_paired
    ? `${formatPlural(samples.in_both, 'sample')} in both, compared one by one`
    : `${formatCount(first.samples.total)} and ${formatPlural(second.samples.total, 'sample')}, compared as two sets: ${samples.reason}`;
  return [pairing, ...counts].join('; ');
}

function renderMetrics(diff: DiffDocument, metrics: readonly MetricDiffDocument[], output: HumanOutput): string {
  const columns: readonly Column[] = [
    { title: 'metric' },
    { title: 'first', align: 'right' },
    { title: 'second', align: 'right' },
    { title: 'change', align: 'right' },
    { title: `${formatPercent(diff.confidence)} interval` },
    { title: 'p' },
    { title: 'by' },
  ];
  const rows = metrics.map((metric) => [
    cleanLine(metric.metric),
    formatMetric(metric.first),
    formatMetric(metric.second),
    metric.difference === null ? '–' : markBeyondNoise(metric, formatSigned(metric.difference), output),
    metric.interval === null ? '–' : `${metric.interval.map(formatSigned).join(' to ')}`,
    metric.p_adjusted === null ? '–' : formatP(metric.p_adjusted),
    metric.method === null ? '–' : describeMethod(metric.method),
  ]);
  return `${renderTable(columns, rows, output)}${renderMetricNotes(metrics, output)}`;
}

/** Why there is no change to tell, or one that is not that of the two values; metrics with the same reason together. */
function renderMetricNotes(metrics: readonly MetricDiffDocument[], output: HumanOutput): string {
  const names = new Map<string, string[]>();
  for (const metric of metrics) {
    const note = findMetricNote(metric);
    if (note !== undefined) names.set(note, [...(names.get(note) ?? []), cleanLine(metric.metric)]);
  }
  return [...names]
    .map(([note, own]) => wrap(output.style.faint(`${own.join(', ')}: ${cleanLine(note)}.`), output))
    .join('');
}

function findMetricNote({ reason, difference, first, second, samples }: MetricDiffDocument): string | undefined {
  if (reason !== null) return reason;
  if (difference === null || first === null || second === null || samples === null) return undefined;
  const isOfValues = Math.abs(second - first - difference) < 1e-9 * Math.max(1, Math.abs(first), Math.abs(second));
  return isOfValues ? undefined : `the change is over the ${formatPlural(samples[0], 'sample')} that count in both`;
}

function markBeyondNoise({ is_beyond_noise }: MetricDiffDocument, text: string, { style }: HumanOutput): string {
  return is_beyond_noise === true ? style.strong(text) : text;
}

function describeMethod(method: ComparisonMethod): string {
  switch (method) {
    case 'mcnemar':
      return 'McNemar';
    case 'fisher':
      return 'Fisher';
    case 'paired-bootstrap':
      return 'bootstrap';
    case 'two-sample-bootstrap':
      return 'two-sample bootstrap';
  }
}

/** One line per method of the table, with its interval. */
function renderMethods(diff: DiffDocument, output: HumanOutput): string {
  const metrics = diff.tasks.flatMap((task) => task.metrics);
  const used = new Map<string, number[]>();
  for (const { method, interval_method: interval, resamples } of metrics) {
    if (method === null || interval === null) continue;
    const text = explainMethod(method, interval);
    used.set(text, [...(used.get(text) ?? []), ...(resamples === null ? [] : [resamples])]);
  }
  if (used.size === 0) return '';
  const lines = [...used].map(([text, resamples]) => `${[text, ...describeResamples(resamples)].join(', ')}.`);
  const { comparisons } = diff.correction;
  const correction =
    comparisons > 1 ? [`p is corrected for ${formatCount(comparisons)} comparisons (Holm); intervals are not.`] : [];
  return [...lines, ...correction].map((line) => wrap(output.style.faint(line), output)).join('');
}

function describeResamples(counts: readonly number[]): readonly string[] {
  if (counts.length === 0) return [];
  const [least, most] = [Math.min(...counts), Math.max(...counts)].map(formatCount);
  return [`${least === most ? least : `${least} to ${most}`} resamples`];
}

function explainMethod(method: ComparisonMethod, interval: IntervalMethod): string {
  const intervals: Readonly<Record<IntervalMethod, string>> = {
    'newcombe-paired': "Newcombe's interval for paired proportions (1998, method 10)",
    newcombe: "Newcombe's interval for two proportions (1998, method 10)",
    bca: 'BCa interval, widened for few samples',
  };
  const tests: Readonly<Record<ComparisonMethod, string>> = {
    mcnemar: "McNemar: McNemar's exact test",
    fisher: "Fisher: Fisher's exact test",
    'paired-bootstrap': 'bootstrap: samples drawn in pairs, all trials together',
    'two-sample-bootstrap': 'two-sample bootstrap: each set drawn for itself',
  };
  return `${tests[method]}; ${intervals[interval]}`;
}

function renderFlips({ scorer, score, to_right, to_wrong }: FlipsDocument, output: HumanOutput): string {
  const name = cleanLine(`${scorer}.${score}`);
  const to = becomes(output.style);
  return (
    renderList(`Right${to}wrong by ${name}`, to_wrong, output) +
    renderList(`Wrong${to}right by ${name}`, to_right, output)
  );
}

function renderList(title: string, { count, samples }: SampleListDocument, output: HumanOutput): string {
  if (count === 0) return '';
  const more = count > samples.length ? ` and ${formatCount(count - samples.length)} more` : '';
  const ids = samples.length === 0 ? '' : `: ${samples.map(cleanLine).join(', ')}${more}`;
  return wrap(`${title}, ${formatPlural(count, 'sample')}${ids}`, output);
}

const changesShown = 10;

function renderChanges({ changes }: TaskDiffDocument, output: HumanOutput): string {
  if (changes.length === 0) return 'Nothing in the configuration changed.\n';
  const shown = changes.slice(0, changesShown).map(({ sentence }) => `- ${cleanLine(sentence)}`);
  const more = changes.length > changesShown ? [`- and ${formatCount(changes.length - changesShown)} more`] : [];
  return ['Changed in the configuration:', ...shown, ...more].map((line) => wrap(line, output)).join('');
}

function renderUnmatched(diff: DiffDocument, output: HumanOutput): string {
  const lists = [
    ['the first', diff.only_in_first],
    ['the second', diff.only_in_second],
  ] as const;
  return lists
    .map(([side, keys]) => (keys.length === 0 ? '' : wrap(`Tasks only in ${side}: ${keys.join(', ')}`, output)))
    .join('');
}

function renderGate({ condition, verdict, sentence }: GateDocument, output: HumanOutput): string {
  const { style } = output;
  const words = {
    passed: style.good('passed'),
    failed: style.bad('failed'),
    unjudged: style.bad('could not be judged'),
  };
  return wrap(
    `Condition ${style.strong(cleanLine(condition))}: ${words[verdict]}. ${style.faint(cleanLine(sentence))}`,
    output,
  );
}

function renderSummary({ tasks }: DiffDocument, output: HumanOutput): string {
  const compared = tasks.flatMap((task) => task.metrics.map((metric) => ({ task, metric })));
  if (!compared.some(({ metric }) => metric.method !== null)) return '';
  const beyond = compared.filter(({ metric }) => metric.is_beyond_noise === true);
  if (beyond.length === 0) return 'No metric changed by more than noise may explain.\n';
  const names = beyond.map(({ task, metric }) => {
    const place = tasks.length === 1 ? '' : ` of ${task.second.task}`;
    return `${cleanLine(metric.metric)}${place} ${formatSigned(metric.difference ?? 0)}`;
  });
  return wrap(`Beyond noise: ${names.join(', ')}.`, output);
}

function wrap(text: string, { width }: HumanOutput): string {
  const [first = '', ...rest] = wrapText(text, Math.max(20, width - 2)).split('\n');
  return `${[first, ...rest.map((line) => indent(line, 2))].join('\n')}\n`;
}

function formatSigned(value: number): string {
  const text = formatMetric(value);
  return value > 0 ? `+${text}` : text.replace('-', '−');
}

function formatP(pValue: number): string {
  return pValue < 0.001 ? '<0.001' : pValue.toFixed(3);
}

function formatPercent(share: number): string {
  return `${Number((100 * share).toPrecision(6))} %`;
}
