import type { JsonObject } from '../../contracts/json.ts';
import { findOutputText } from '../output-text.ts';
import type { ScoredSample } from '../score.ts';
import { LazyValue } from '../template/jinja/values.ts';
import type { TemplateNames } from '../template/template.ts';
import { createTraceNames } from '../template/trace-names.ts';
import type { SampleError, SolvedSample } from '../trace.ts';

/** What is recorded of one sample; null while it is not solved or not scored. */
export interface RecordedSample {
  readonly sample_id: string;
  readonly sample: JsonObject;
  readonly solved: SolvedSample | null;
  readonly scored: ScoredSample | null;
}

/** One trial of one sample, under the names that a `where` expression has for it. */
export interface WhereSubject {
  readonly sampleId: string;
  readonly names: TemplateNames;
  /** Scorer key → name → value; without the scorers that failed. */
  readonly scores: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Whether there is an answer with text: what reads `output` can work. */
  readonly hasOutput: () => boolean;
}

/** Every name that a `where` expression has. */
export const whereNames = [
  'sample',
  'sample_id',
  'trial',
  'solver_output',
  'trace',
  'output',
  'scores',
  'errors',
  'excluded',
] as const;

export function makeWhereSubject(recorded: RecordedSample, trial: number): WhereSubject {
  const { sample, solved, scored } = recorded;
  const output = solved?.trials.find((each) => each.trial === trial)?.output ?? null;
  const traceNames = output === null ? undefined : createTraceNames(output);
  const scores = Object.fromEntries(
    (scored?.trials ?? []).flatMap((each) =>
      each.trial === trial && each.score !== null ? [[each.scorer_key, each.score.values] as const] : [],
    ),
  );
  let text: string | null | undefined;
  const findText = (): string | null => {
    if (text === undefined) text = output === null ? null : (findOutputText(output) ?? null);
    return text;
  };
  const names: Readonly<Record<(typeof whereNames)[number], unknown>> = {
    sample,
    sample_id: recorded.sample_id,
    trial,
    solver_output: traceNames?.['solver_output'] ?? null,
    trace: traceNames?.['trace'] ?? null,
    output: new LazyValue(findText),
    scores,
    errors: new LazyValue(() => listErrors(recorded, trial)),
    excluded: scored?.action_records.some(({ action }) => action === 'exclude_from_metrics') ?? false,
  };
  return { sampleId: recorded.sample_id, names, scores, hasOutput: () => findText() !== null };
}

/** Those of the trial, and those of the whole sample, such as an action rule's. */
function listErrors({ solved, scored }: RecordedSample, trial: number): readonly JsonObject[] {
  const errors = scored?.errors ?? solved?.trials.flatMap(({ error }) => error ?? []) ?? [];
  return errors.filter((error) => error.trial === undefined || error.trial === trial).map(describeError);
}

function describeError({ stage, error_type, message, scorer_key }: SampleError): JsonObject {
  return { stage, error_type, message, scorer_key: scorer_key ?? null };
}
