import type {
  RescoreDocument,
  RescoredSampleDocument,
  ScoreChange,
  TryDocument,
  TryError,
  TryUsage,
} from '../../client/try/try-documents.ts';
import { fitLines } from './fit-lines.ts';
import { formatCount, formatPlural, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import { renderWarnings } from './plan-table.ts';
import { renderSampleParts } from './sample-view.ts';
import { becomes, renderNone, type Style } from './style.ts';
import { renderTable } from './table.ts';
import { describeOutcome, renderSampleList } from './task-view.ts';
import { cleanLine, cleanText, indent, truncateText } from './text.ts';
import { renderUsageTable } from './usage-table.ts';

/** Everything that came of the samples of `stet try`. */
export function renderTry(document: TryDocument, output: HumanOutput): string {
  const { style } = output;
  const { task, task_key, model, samples } = document;
  const what = `Task ${task}${task_key === task ? '' : ` (${task_key})`}${model === null ? '' : `, model ${model}`}.`;
  const parts = samples.map((sample) => {
    const title = `${style.strong(`Sample ${cleanLine(sample.sample_id)}`)} (row ${sample.sample_index + 1})`;
    return `${title}\n\n${renderSampleParts(sample, output, sample.unanswered)}\n`;
  });
  const counted = [
    formatPlural(samples.length, 'sample'),
    describeErrors(document.errors),
    renderQueries(document.model_queries),
  ].join(', ');
  const end = `${renderUsage(document, output)}${renderError(document.error, style)}${counted}; nothing was stored.\n`;
  return fitLines(`${renderWarnings(document.warnings, output)}${what}\n\n${parts.join('')}${end}`, output);
}

/**
 * Old and new scores side by side: first every score that changed, then the samples whose scores did not.
 *
 * @param options.inFull - Shows each sample with its scorers' metadata and judges' exchanges.
 */
export function renderRescore(
  document: RescoreDocument,
  output: HumanOutput,
  options: { readonly inFull: boolean },
): string {
  const { style } = output;
  const { samples, candidates, changed, errors } = document;
  const changes = samples.flatMap((sample) => sample.changes.map((change) => ({ sample, change })));
  const failed = samples.filter(({ scored }) => scored !== null && scored.errors.length > 0);
  const same = samples.filter(({ scored, changes: own }) => scored?.errors.length === 0 && own.length === 0);
  const chosen = samples.length < candidates ? ` of ${formatCount(candidates)} samples` : '';
  const parts = [
    renderWarnings(document.warnings, output),
    `Scores of task ${document.task} of run ${shortenId(document.run)}, ${formatCount(samples.length)}${chosen}, by the file as it is now.\n`,
    document.solver_differs_in.length > 0
      ? `${style.attention('Note:')} the file differs in ${document.solver_differs_in.join(', ')}; a run of it might give other answers than those scored here.\n`
      : '',
    options.inFull ? `\n${renderInFull(samples, output)}` : '',
    changes.length === 0 ? '' : `\n${style.strong('Changed')}\n${renderChanges(changes, output)}`,
    failed.length === 0 ? '' : `\n${style.strong('With errors')}\n${renderSampleList(failed, output)}`,
    same.length === 0 || options.inFull ? '' : `\n${style.strong('Unchanged')}\n${renderSampleList(same, output)}`,
    '\n',
    renderUsage(document, output),
    renderError(document.error, style),
    summarise(
      changes.map(({ change }) => change),
      samples.some(({ solved }) => solved.trials.length > 1) ? 'trial' : 'sample',
      style,
    ),
    `${formatCount(changed)} of ${formatPlural(samples.length, 'sample')} changed, ${describeErrors(errors)}; ${describeJudging(document)}; nothing was published.\n`,
  ];
  return fitLines(parts.join(''), output);
}

function renderInFull(samples: readonly RescoredSampleDocument[], output: HumanOutput): string {
  return samples
    .map((sample) => {
      const title = `${output.style.strong(`Sample ${cleanLine(sample.sample_id)}`)} (row ${sample.sample_index + 1})`;
      return `${title}\n\n${renderSampleParts(sample, output, sample.unanswered)}`;
    })
    .join('\n');
}

function renderChanges(
  changes: readonly { readonly sample: RescoredSampleDocument; readonly change: ScoreChange }[],
  output: HumanOutput,
): string {
  return renderTable(
    [{ title: 'sample' }, { title: 'score' }, { title: 'before' }, { title: 'now' }, { title: 'answer or error' }],
    changes.map(({ sample, change }) => [
      `${cleanLine(sample.sample_id)}${sample.solved.trials.length > 1 ? `, trial ${change.trial}` : ''}`,
      `${cleanLine(change.scorer_key)}.${cleanLine(change.name)}`,
      showValue(change.before, output.style),
      showValue(change.after, output.style),
      truncateText(describeTrial(sample, change.trial), 100),
    ]),
    output,
  );
}

/** What that trial came to. */
function describeTrial(sample: RescoredSampleDocument, trial: number): string {
  const trials = sample.solved.trials.filter((each) => each.trial === trial);
  return describeOutcome({ ...sample, solved: { ...sample.solved, trials } });
}

/** How often each score went from one value to another; numbers go up and down in too many ways to count. */
function summarise(changes: readonly ScoreChange[], unit: string, style: Style): string {
  const counts = new Map<string, number>();
  for (const { scorer_key, name, before, after } of changes) {
    const isCounted = [before, after].every((value) => typeof value !== 'number');
    const what = isCounted ? `${showValue(before, style)}${becomes(style)}${showValue(after, style)}` : 'another value';
    const line = `${cleanLine(scorer_key)}.${cleanLine(name)}: ${what}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, count]) => `${line}, ${formatPlural(count, unit)}\n`).join('');
}

function showValue(value: ScoreChange['before'], style: Style): string {
  return value === null ? renderNone(style) : cleanLine(String(value));
}

function describeJudging({ model_queries: { sent, retried } }: RescoreDocument): string {
  return sent === 0 ? 'no judge was asked' : `${renderQueries({ sent, retried })} to judges`;
}

/** Where the services say what they count; a function or a recording does not. */
function renderUsage({ usage, tokens }: TryUsage, output: HumanOutput): string {
  return tokens.prompt + tokens.completion === 0 ? '' : `${renderUsageTable(usage, output)}\n`;
}

function describeErrors(errors: number): string {
  return errors === 0 ? 'no errors' : formatPlural(errors, 'with an error', 'with errors');
}

function renderQueries({ sent, retried }: TryDocument['model_queries']): string {
  return `${formatPlural(sent, 'query', 'queries')} sent${retried === 0 ? '' : `, ${formatCount(retried)} retried`}`;
}

function renderError(error: TryError | null, style: Style): string {
  if (error === null) return '';
  const hint = error.hint === undefined ? '' : `${indent(cleanText(error.hint), 2)}\n`;
  return `${style.bad('error:')} ${cleanText(error.message)} ${style.faint(`[${error.error_type}]`)}\n${hint}\n`;
}
