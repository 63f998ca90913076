import type { RunDocument, TaskDocument } from '../../client/run-document.ts';
import type { SampleDocument } from '../../client/stet.ts';
import { countCutOff, countRefused } from './answer-counts.ts';
import { findAnswerText } from './answer-text.ts';
import { formatAge, formatCount, formatDuration, formatPlural } from './format.ts';
import type { HumanOutput } from './output.ts';
import { renderWarnings } from './plan-table.ts';
import { renderMetrics, renderStatus, renderTaskError } from './result-table.ts';
import { explainWork, renderStandsOn, renderVerdict } from './reuse-text.ts';
import { renderNone, type Style } from './style.ts';
import { renderTable } from './table.ts';
import { cleanLine, truncateText } from './text.ts';
import { renderUsageTable } from './usage-table.ts';

/** `show RUN TASK` without its samples. */
export function renderTaskView(run: RunDocument, task: TaskDocument, output: HumanOutput, nowMs: number): string {
  const { style } = output;
  const { sent, retried, saved } = task.model_queries;
  const why = explainWork(task.reuse, task.why);
  const facts: readonly (readonly [string, string])[] = [
    ['run', run.run],
    ['task', `${task.key}${task.task_key === task.key ? '' : ` (${task.task_key})`}`],
    ['task result', task.task_result],
    ['status', renderStatus(task.status, style)],
    ['reuse', renderVerdict(task.reuse, style)],
    ...(task.reused_from === null ? [] : [['stands on', renderStandsOn(task, nowMs)] as const]),
    ...(why === undefined ? [] : [['why', why] as const]),
    ...(task.started_at === null
      ? []
      : [['started', `${formatAge(task.started_at, nowMs)} (${task.started_at})`] as const]),
    ...(task.started_at === null || task.ended_at === null
      ? []
      : [['time', formatDuration(Date.parse(task.ended_at) - Date.parse(task.started_at))] as const]),
    [
      'samples',
      `${formatCount(task.samples.total)}, ${formatPlural(task.samples.errors, 'error')}, ${formatCount(task.samples.excluded_from_metrics)} excluded from metrics`,
    ],
    ...[
      [countCutOff(task), 'cut off at the limit of their length'] as const,
      [countRefused(task), 'refused'] as const,
    ].flatMap(([count, what]) => (count === 0 ? [] : [['answers', `${formatCount(count)} ${what}`] as const])),
    ['queries', `${formatCount(sent)} sent, ${formatCount(retried)} retried, ${formatCount(saved)} saved by reuse`],
    ...(task.answers_stood ? [['answers', `${formatPlural(task.answers_stood, 'single answer')} stood`] as const] : []),
    ...(task.result_digest === null ? [] : [['digest', task.result_digest] as const]),
  ];
  const list = facts
    .map(([name, value]) =>
      style.isPlain ? `${name}: ${value === '–' ? 'none' : value}\n` : `${style.faint(name.padEnd(12))} ${value}\n`,
    )
    .join('');
  const parts = [
    list,
    renderMetrics([task], output),
    renderUsageTable(task.usage ?? [], output),
    renderTaskError(task, style),
    renderWarnings(task.warnings, output),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** One line per sample: what came out, or what went wrong. */
export function renderSampleList(
  samples: readonly Pick<SampleDocument, 'sample_id' | 'solved' | 'scored'>[],
  output: HumanOutput,
): string {
  return renderTable(
    [{ title: 'sample' }, { title: 'scores' }, { title: 'answer or error' }],
    samples.map((sample) => [
      cleanLine(sample.sample_id),
      truncateText(describeScores(sample, output.style), 40),
      truncateText(describeOutcome(sample), 100),
    ]),
    output,
  );
}

/** Whether a sample deserves a look: it has an error, or some score says false. */
export function isNotable(sample: SampleDocument): boolean {
  // Over several trials false and true become a number between them.
  const scores = [
    ...Object.values(sample.scored?.scores ?? {}),
    ...(sample.scored?.trials ?? []).flatMap(({ score }) => score ?? []),
  ];
  return hasError(sample) || scores.some((score) => Object.values(score.values).includes(false));
}

export function hasError(sample: SampleDocument): boolean {
  return (
    (sample.scored?.errors.length ?? 0) > 0 ||
    (sample.solved?.trials.some((trial) => trial.error !== undefined) ?? false)
  );
}

/** The sample's scores in a line, by name; with the scorer where there are several. */
function describeScores(sample: Pick<SampleDocument, 'solved' | 'scored'>, style: Style): string {
  if (sample.scored === null) return sample.solved === null ? 'not solved yet' : 'not scored yet';
  const scorers = Object.entries(sample.scored.scores);
  // Several scorers may give the same name.
  const scores = scorers.flatMap(([key, { values }]) =>
    Object.entries(values).map(([name, value]) => [scorers.length > 1 ? `${key}.${name}` : name, value] as const),
  );
  if (scores.length === 0) return '–';
  const [is, separator] = style.isPlain ? [' is ', ', '] : ['=', ' '];
  return scores.map(([name, value]) => `${cleanLine(name)}${is}${String(value ?? renderNone(style))}`).join(separator);
}

/** The answer, or the first error, in a line. */
export function describeOutcome(sample: Pick<SampleDocument, 'solved' | 'scored'>): string {
  const error = sample.scored?.errors[0] ?? sample.solved?.trials.find((trial) => trial.error !== undefined)?.error;
  if (error !== undefined) return `${error.error_type}: ${cleanLine(error.message)}`;
  const answer = sample.solved?.trials[0]?.output?.raw_outputs.at(-1);
  return answer === undefined ? '–' : cleanLine(findAnswerText(answer));
}
