import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { compileFilter } from '../filters/compile-filter.ts';
import type { Sample } from '../sample.ts';
import type { ActionRecord, Score, ScoreValue } from '../score.ts';
import type { ActionRule } from '../spec/filters.ts';
import { createTraceNames } from '../template/trace-names.ts';
import { toSampleError } from '../to-sample-error.ts';
import type { SampleError, SolverOutput } from '../trace.ts';

export interface ActionInput {
  readonly sample: Sample;
  /** Of the first trial. */
  readonly solverOutput: SolverOutput;
  /** Scorer key → score of the sample; scorers that failed are absent. */
  readonly scores: Readonly<Record<string, Score>>;
  readonly failedScorers: readonly string[];
}

export interface ActionOutcome {
  readonly records: readonly ActionRecord[];
  readonly errors: readonly SampleError[];
}

/** Runs all rules on one scored sample. A rule that cannot be evaluated is an error of stage `action`; the others still run. */
export type RunActionRules = (input: ActionInput) => ActionOutcome;

/** @throws {EvaluationError} `template-syntax`, `config-invalid` for what can never work. */
export function compileActionRules(rules: readonly ActionRule[]): RunActionRules {
  const compiled = rules.map((rule) => ({ rule, holds: compileFilter(rule.filter, `actions.${rule.key}.filter`) }));
  return (input) => {
    const records: ActionRecord[] = [];
    const errors: SampleError[] = [];
    if (compiled.length === 0) return { records, errors };
    const names = {
      ...createTraceNames(input.solverOutput),
      sample: input.sample.row,
      scores: Object.fromEntries(Object.entries(input.scores).map(([key, score]) => [key, nameValues(score)])),
    };
    for (const { rule, holds } of compiled) {
      try {
        checkScores(rule, input);
        if (holds(names, input.sample.id)) records.push({ action: rule.action, rule_key: rule.key });
      } catch (error) {
        errors.push(toSampleError(error, { stage: 'action' }));
      }
    }
    return { records, errors };
  };
}

/** Over several trials a score `x` exists as `x.mean`, and a rule that names `x` means that (format 12.1). */
function nameValues({ values }: Score): Readonly<Record<string, ScoreValue>> {
  const means = Object.entries(values).flatMap(([name, value]): [string, ScoreValue][] =>
    name.endsWith('.mean') ? [[name.slice(0, -'.mean'.length), value]] : [],
  );
  return { ...Object.fromEntries(means), ...values };
}

/** Without this check `not_exists` would hold for a scorer that failed, and the rule's verdict rest on an accident. */
function checkScores(rule: ActionRule, input: ActionInput): void {
  const failed = input.failedScorers.find((key) => names(rule.filter.expression, key));
  if (failed === undefined) return;
  throw new EvaluationError(
    'filter-failed',
    `actions.${rule.key}, sample ${input.sample.id}: the rule needs the scores of ${failed}, and that scorer failed.`,
    { hint: "See the sample's error of stage score." },
  );
}

function names(expression: string, scorerKey: string): boolean {
  // Scorer keys hold letters, digits, "_" and "-" only, so nothing in them needs escaping.
  return new RegExp(`\\bscores\\s*(?:\\.\\s*${scorerKey}(?![\\w-])|\\[\\s*(['"])${scorerKey}\\1\\s*\\])`).test(
    expression,
  );
}
