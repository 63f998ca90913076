import type { RunDocument } from '../../client/run-document.ts';
import type { SampleDocument } from '../../client/stet.ts';
import type { UnansweredQuery } from '../../client/try/try-documents.ts';
import type { JsonValue } from '../../contracts/json.ts';
import { findAnswerText } from './answer-text.ts';
import { fitLines } from './fit-lines.ts';
import { formatDuration, formatPlural, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import { renderNone, type Style } from './style.ts';
import { cleanLine, cleanText, indent } from './text.ts';

type SolvedTrial = NonNullable<SampleDocument['solved']>['trials'][number];
type ScoredTrial = NonNullable<SampleDocument['scored']>['trials'][number];
type Query = SolvedTrial['queries'][number];
type SampleError = NonNullable<SolvedTrial['error']>;

/** Everything recorded about one sample: row, requests, answers, retries, scores with the judge's exchange, errors. */
export function renderSampleView(run: RunDocument, sample: SampleDocument, output: HumanOutput): string {
  const { style } = output;
  const place = `row ${sample.sample_index + 1} of task ${sample.task}, run ${shortenId(run.run)}`;
  return `${style.strong(`Sample ${cleanLine(sample.sample_id)}`)} (${place})\n\n${renderSampleParts(sample, output)}`;
}

/** The same of any sample, without its title. @param unanswered - Queries that brought nothing, where they are known. */
export function renderSampleParts(
  sample: SampleDocument,
  output: HumanOutput,
  unanswered: readonly UnansweredQuery[] = [],
): string {
  const { style } = output;
  const findUnanswered = ({ trial, scorer_key }: { readonly trial: number; readonly scorer_key?: string }) =>
    unanswered.filter((query) => query.trial === trial && query.scorer_key === scorer_key);
  const parts = [
    renderSection('Row', renderValue(sample.sample), style),
    ...(sample.solved?.trials ?? []).map((trial) => renderSolvedTrial(trial, findUnanswered(trial), sample, style)),
    sample.solved === null ? renderMissing('Solver', 'Not solved yet.', unanswered, style) : '',
    ...(sample.scored?.trials ?? []).map((trial) =>
      renderScoredTrial(trial, findUnanswered(trial), hasTrials(sample), style),
    ),
    sample.solved !== null && sample.scored === null
      ? renderMissing('Scorers', 'Not scored yet.', unanswered, style)
      : '',
    renderAggregates(sample, style),
    renderRemainingErrors(sample, style),
  ].filter((part) => part !== '');
  return fitLines(parts.join('\n'), output);
}

function hasTrials(sample: SampleDocument): boolean {
  return (sample.solved?.trials.length ?? 0) > 1;
}

/** Of a stage without an outcome what was asked in vain, if anything. */
function renderMissing(title: string, text: string, unanswered: readonly UnansweredQuery[], style: Style): string {
  const queries = unanswered.map((query) => renderUnanswered(query, style)).join('');
  return queries === '' ? `${text}\n` : renderSection(title, queries, style);
}

function renderSolvedTrial(
  trial: SolvedTrial,
  unanswered: readonly UnansweredQuery[],
  sample: SampleDocument,
  style: Style,
): string {
  const heading = hasTrials(sample) ? `Solver, trial ${trial.trial}` : 'Solver';
  const parts = [
    ...trial.queries.map((query, index) => renderQuery(query, index, trial.queries.length, style)),
    ...unanswered.map((query) => renderUnanswered(query, style)),
    renderFailedQueries(trial.failed_queries, style),
    trial.error === undefined ? '' : renderSampleError(trial.error, style),
    // A pass-through solver asks nobody: what it took from the row is in the trace only.
    trial.queries.length === 0 && trial.output !== null ? `Trace\n${indent(renderValue(trial.output.trace), 2)}\n` : '',
  ];
  return renderSection(heading, parts.join(''), style);
}

function renderScoredTrial(
  trial: ScoredTrial,
  unanswered: readonly UnansweredQuery[],
  namesTrial: boolean,
  style: Style,
): string {
  const heading = `Scorer ${trial.scorer_key}${namesTrial ? `, trial ${trial.trial}` : ''}`;
  const parts = [
    trial.score === null ? '' : renderScore(trial.score, style),
    ...trial.queries.map((query, index) => renderQuery(query, index, trial.queries.length, style)),
    ...unanswered.map((query) => renderUnanswered(query, style)),
    renderFailedQueries(trial.failed_queries, style),
    trial.error === undefined ? '' : renderSampleError(trial.error, style),
  ];
  return renderSection(heading, parts.join(''), style);
}

function renderScore(score: NonNullable<ScoredTrial['score']>, style: Style): string {
  const values = Object.entries(score.values).map(
    ([name, value]) => `${cleanLine(name)}: ${renderScoreValue(value, style)}\n`,
  );
  const metadata = Object.entries(score.metadata).map(
    ([name, value]) => `${style.faint(`${cleanLine(name)}:`)} ${renderInline(value ?? null)}\n`,
  );
  return [...values, ...metadata].join('');
}

function renderScoreValue(value: boolean | number | string | null, style: Style): string {
  if (value === true) return style.good('true');
  if (value === false) return style.bad('false');
  return value === null ? renderNone(style) : cleanText(String(value));
}

/** One exchange with a model: what was asked, what it answered, how the answer came about. */
function renderQuery(query: Query, index: number, count: number, style: Style): string {
  const heading = count === 1 ? `Query to ${query.model_key}` : `Query ${index + 1} of ${count} to ${query.model_key}`;
  const { evidence } = query;
  const facts = [
    ...(query.origin === undefined ? [] : [describeOrigin(query.origin)]),
    formatDuration(evidence.duration_ms),
    evidence.started_at,
    ...(evidence.served_model === undefined ? [] : [`served by ${evidence.served_model}`]),
    ...(evidence.finish_reason === undefined ? [] : [`finished: ${evidence.finish_reason}`]),
    ...(evidence.usage?.num_prompt_tokens === undefined ? [] : [`${evidence.usage.num_prompt_tokens} prompt tokens`]),
    ...(evidence.usage?.num_completion_tokens === undefined
      ? []
      : [`${evidence.usage.num_completion_tokens} completion tokens`]),
    ...(evidence.request_id === undefined ? [] : [`request ${evidence.request_id}`]),
    ...(evidence.system_fingerprint === undefined ? [] : [`system ${evidence.system_fingerprint}`]),
  ].map(cleanLine);
  const retries = evidence.retries.map(
    (retry, attempt) =>
      `attempt ${attempt + 1}: ${style.attention(retry.error_type)}${retry.status === undefined ? '' : ` (status ${retry.status})`} ${cleanLine(retry.message)}\n`,
  );
  const retryLines = retries.length === 0 ? '' : `Retries\n${indent(retries.join(''), 2)}`;
  return (
    `${heading} ${style.faint(`(${facts.join(', ')})`)}\n` +
    indent(
      `${renderInput(query.input, style)}${retryLines}Answer\n${indent(`${cleanText(findAnswerText(query.output))}\n`, 2)}`,
      2,
    )
  );
}

/** Where an answer was given that stood here: nothing was sent for it. */
function describeOrigin({ run, sample_id: sampleId, answered_at: at }: NonNullable<Query['origin']>): string {
  return `stood, from run ${shortenId(run)}, sample ${sampleId}, answered ${at}`;
}

/** What was asked in vain; why stands in the trial's error. */
function renderUnanswered({ model_key, input }: UnansweredQuery, style: Style): string {
  return `Query to ${model_key} ${style.attention('(no answer)')}\n${indent(renderInput(input, style), 2)}`;
}

/** A chat as its messages, anything else as JSON. */
function renderInput(input: JsonValue, style: Style): string {
  const messages = typeof input === 'object' && input !== null ? Reflect.get(input, 'messages') : undefined;
  if (!Array.isArray(messages)) return `Request\n${indent(`${renderValue(input)}\n`, 2)}`;
  const lines = messages.map((message: JsonValue) => {
    const role = typeof message === 'object' && message !== null ? Reflect.get(message, 'role') : undefined;
    const content = typeof message === 'object' && message !== null ? Reflect.get(message, 'content') : undefined;
    if (typeof role !== 'string' || typeof content !== 'string') return `${renderValue(message)}\n`;
    const text = cleanText(content);
    const heading = style.faint(`${cleanLine(role)}:`);
    return text.includes('\n') ? `${heading}\n${indent(text, 2)}\n` : `${heading} ${text}\n`;
  });
  return `Request\n${indent(lines.join(''), 2)}`;
}

function renderFailedQueries(failed: SolvedTrial['failed_queries'], style: Style): string {
  if (failed.sent === 0) return '';
  const retried = failed.retried === 0 ? '' : `, sent again ${formatPlural(failed.retried, 'time')}`;
  return `${style.attention(`${formatPlural(failed.sent, 'query', 'queries')} without an answer${retried}`)}\n`;
}

function renderSampleError(error: SampleError, style: Style): string {
  const hint = error.hint === undefined ? '' : `${indent(cleanText(error.hint), 2)}\n`;
  return `${style.bad(`${error.stage} error:`)} ${cleanText(error.message)} ${style.faint(`[${error.error_type}]`)}\n${hint}`;
}

/** Scores over several trials, and what action rules did. */
function renderAggregates(sample: SampleDocument, style: Style): string {
  const scored = sample.scored;
  if (scored === null) return '';
  const scores = hasTrials(sample)
    ? Object.entries(scored.scores).map(([key, score]) =>
        renderSection(`Score of ${key}, all trials`, renderScore(score, style), style),
      )
    : [];
  const actions = scored.action_records.map((record) => `${record.action} by rule ${record.rule_key}\n`);
  return [...scores, ...(actions.length === 0 ? [] : [renderSection('Action rules', actions.join(''), style)])].join(
    '\n',
  );
}

/** Errors that no trial above has shown, such as those of action rules. */
function renderRemainingErrors(sample: SampleDocument, style: Style): string {
  const errors = (sample.scored?.errors ?? []).filter((error) => error.stage === 'action');
  return errors.length === 0
    ? ''
    : renderSection('Errors', errors.map((error) => renderSampleError(error, style)).join(''), style);
}

function renderSection(title: string, content: string, style: Style): string {
  return `${style.strong(title)}\n${indent(content.endsWith('\n') ? content : `${content}\n`, 2)}`;
}

/** A mapping as a line per key, anything else as JSON. */
function renderValue(value: JsonValue): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return renderInline(value);
  return Object.entries(value)
    .map(([key, inner]) => `${cleanLine(key)}: ${renderInline(inner ?? null)}`)
    .join('\n');
}

function renderInline(value: JsonValue): string {
  return cleanText(typeof value === 'string' ? value : JSON.stringify(value));
}
