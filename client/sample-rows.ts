import type { JsonObject } from '../contracts/json.ts';
import { findOutputText } from '../evaluation/output-text.ts';
import type { ScoreValue } from '../evaluation/score.ts';
import type { RecordedQuery, SampleError, SolverOutput } from '../evaluation/trace.ts';
import type { SampleDocument } from './stet.ts';

/** What the queries of one purpose took, for one trial of one sample. */
export interface QueriesOfRow {
  /** Queries with an answer. */
  readonly answered: number;
  /** Of these, answers that stood one by one (`reuse.answers`). */
  readonly stood: number;
  /** Sent again after a failure. */
  readonly retried: number;
  /** Sums over the answers whose service said; null where none did. */
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  /** Sum over the answers; queries of one sample may have been under way at once. */
  readonly duration_ms: number;
}

/** One trial of one sample, flat enough for a table: a line of `stet export RUN --samples jsonl`. */
export interface SampleRow {
  readonly task: string;
  readonly sample_id: string;
  readonly sample_index: number;
  /** From 0; null for a sample that is not solved yet, which has one row. */
  readonly trial: number | null;
  /** The row of the dataset. */
  readonly sample: JsonObject;
  /** Text of the solver output; null where it failed, or has no text. */
  readonly output: string | null;
  /** Why the last answer of the solver ended, such as `stop` or `length`. */
  readonly finish_reason: string | null;
  /** Of this trial: scorer → name → value. */
  readonly scores: Readonly<Record<string, Readonly<Record<string, ScoreValue>>>>;
  readonly metadata: Readonly<Record<string, JsonObject>>;
  readonly excluded_from_metrics: boolean;
  /** Of this trial, and of the sample as a whole. */
  readonly errors: readonly SampleError[];
  readonly solver: QueriesOfRow;
  readonly judge: QueriesOfRow;
}

/**
 * The trials of a sample as rows; of one that was found by an expression, the trials for which it holds.
 *
 * @see {@link SampleDocument.matching_trials}
 */
export function makeSampleRows(document: SampleDocument): readonly SampleRow[] {
  const { solved, matching_trials: matching } = document;
  if (solved === null) return [makeRow(document, null)];
  return solved.trials
    .filter(({ trial }) => matching === undefined || matching.includes(trial))
    .map(({ trial }) => makeRow(document, trial));
}

function makeRow(document: SampleDocument, trial: number | null): SampleRow {
  const solved = document.solved?.trials.find((each) => each.trial === trial);
  const scored = document.scored?.trials.filter((each) => each.trial === trial) ?? [];
  const scores = scored.flatMap(({ scorer_key: key, score }) => (score === null ? [] : [[key, score] as const]));
  return {
    task: document.task,
    sample_id: document.sample_id,
    sample_index: document.sample_index,
    trial,
    sample: document.sample,
    output: findText(solved?.output ?? null),
    finish_reason: solved?.queries.at(-1)?.evidence.finish_reason ?? null,
    scores: Object.fromEntries(scores.map(([key, { values }]) => [key, values])),
    metadata: Object.fromEntries(
      scores
        .filter(([, { metadata }]) => Object.keys(metadata).length > 0)
        .map(([key, { metadata }]) => [key, metadata]),
    ),
    excluded_from_metrics: (document.scored?.action_records ?? []).length > 0,
    errors: listErrors(document, trial),
    solver: addUp(solved === undefined ? [] : [solved]),
    judge: addUp(scored),
  };
}

function findText(output: SolverOutput | null): string | null {
  return output === null ? null : (findOutputText(output) ?? null);
}

function listErrors({ solved, scored }: SampleDocument, trial: number | null): readonly SampleError[] {
  const errors = scored?.errors ?? (solved?.trials ?? []).flatMap(({ error }) => error ?? []);
  return errors.filter((error) => error.trial === undefined || error.trial === trial);
}

interface Asked {
  readonly queries: readonly RecordedQuery[];
  readonly failed_queries: { readonly sent: number; readonly retried: number };
}

function addUp(asked: readonly Asked[]): QueriesOfRow {
  const queries = asked.flatMap((each) => each.queries);
  const evidence = queries.map((query) => query.evidence);
  const failed = asked.reduce((sum, { failed_queries: { retried } }) => sum + retried, 0);
  return {
    answered: queries.length,
    stood: queries.filter(({ origin }) => origin !== undefined).length,
    retried: failed + evidence.reduce((sum, { retries }) => sum + retries.length, 0),
    prompt_tokens: sumKnown(evidence.map(({ usage }) => usage?.num_prompt_tokens)),
    completion_tokens: sumKnown(evidence.map(({ usage }) => usage?.num_completion_tokens)),
    duration_ms: evidence.reduce((sum, { duration_ms: duration }) => sum + duration, 0),
  };
}

function sumKnown(counts: readonly (number | undefined)[]): number | null {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
}
