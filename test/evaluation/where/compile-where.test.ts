import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import { compileWhere, makeWhereSubject, type RecordedSample } from '../../../evaluation/where/index.ts';

const task = { scorerKeys: ['includes', 'the-judge'], columns: ['question', 'topic', 'length'] };

/** A sample whose scores are these; without scores, one whose model failed. */
function makeSample(
  id: string,
  scores?: Readonly<Record<string, Readonly<Record<string, boolean | number | string | null>>>>,
  row: JsonObject = {},
): RecordedSample {
  const error = { stage: 'solver', error_type: 'model-error', message: 'Status 500.', trial: 0 } as const;
  const hasScores = scores !== undefined;
  return {
    sample_id: id,
    sample: { question: 'How late?', topic: 'hours', length: 9, ...row },
    solved: {
      sample_index: 0,
      sample_id: id,
      attempt: 1,
      trials: [
        {
          trial: 0,
          output: hasScores
            ? {
                trace: { FORMAT: 'open_responses', items: [] },
                raw_outputs: [{ choices: [{ message: { role: 'assistant', content: `At 20:00, said ${id}.` } }] }],
                direct_ios: [],
              }
            : null,
          queries: [],
          failed_queries: { sent: hasScores ? 0 : 1, retried: 0 },
          ...(hasScores ? {} : { error }),
        },
      ],
    },
    scored: {
      sample_index: 0,
      sample_id: id,
      attempt: 1,
      trials: Object.entries(scores ?? {}).map(([scorer_key, values]) => ({
        trial: 0,
        scorer_key,
        score: { values, metadata: {} },
        queries: [],
        failed_queries: { sent: 0, retried: 0 },
      })),
      scores: {},
      action_records: id === 'excluded' ? [{ action: 'exclude_from_metrics', rule_key: 'r' }] : [],
      errors: hasScores ? [] : [error],
    },
  };
}

const right = makeSample('right', { includes: { is_correct: true }, 'the-judge': { grade: 5 } });
const wrong = makeSample(
  'wrong',
  { includes: { is_correct: false }, 'the-judge': { grade: null } },
  { topic: 'prices' },
);
const failed = makeSample('failed');
const excluded = makeSample('excluded', { includes: { is_correct: false } });
const samples = [right, wrong, failed, excluded];

function select(expression: string, among: readonly RecordedSample[] = samples): readonly string[] {
  const where = compileWhere(expression, task);
  const found = among.filter((sample) => where.matches(makeWhereSubject(sample, 0)));
  where.finish();
  return found.map(({ sample_id }) => sample_id);
}

function fail(run: () => unknown): EvaluationError {
  try {
    run();
  } catch (error) {
    if (error instanceof EvaluationError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('where', () => {
  it.each([
    ['scores.includes.is_correct', ['right']],
    ['not scores.includes.is_correct', ['wrong', 'excluded']],
    ['scores.includes.is_correct == false and not excluded', ['wrong']],
    ["scores['the-judge'].grade >= 3", ['right']],
    ["scores['the-judge'].grade is none", ['wrong']],
    ["sample.topic == 'prices' or errors", ['wrong', 'failed']],
    ["'model-error' in errors | map(attribute='error_type')", ['failed']],
    ["'20:00' in output", ['right', 'wrong', 'excluded']],
    ['output is none', ['failed']],
    ['output | length > 16 or trace is none', ['right', 'wrong', 'failed', 'excluded']],
    ["sample_id in ['right', 'failed']", ['right', 'failed']],
    ['excluded', ['excluded']],
    ['solver_output.raw_outputs | length == 1', ['right', 'wrong', 'excluded']],
    ['scores.includes is defined', ['right', 'wrong', 'excluded']],
    ['sample.length > 8 and trial == 0', ['right', 'wrong', 'failed', 'excluded']],
    ['5 > scores.includes.is_correct >= 1', ['right']],
  ])('finds with %s what people mean by it', (expression, expected) => {
    expect(select(expression)).toEqual(expected);
  });

  it('lets what is not known match neither way', () => {
    for (const expression of ['scores.includes.is_correct == true', 'output | length > 3', "'x' in output"]) {
      expect(select(expression, [failed])).toEqual([]);
      expect(select(`not (${expression})`, [failed])).toEqual([]);
      expect(select(`${expression} or true`, [failed])).toEqual(['failed']);
      expect(select(`not (${expression} and false)`, [failed])).toEqual(['failed']);
    }
  });

  it('keeps the laws of De Morgan and of double negation, whatever a sample lacks', () => {
    const atom = fc.constantFrom(
      'scores.includes.is_correct',
      "scores['the-judge'].grade > 3",
      "'20' in output",
      'errors',
      'excluded',
    );
    const condition = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        atom,
        fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => `(${left} and ${right})`),
        tie('tree').map((inner) => `(not ${inner})`),
      ),
    })).tree;
    fc.assert(
      fc.property(condition, condition, (one, other) => {
        expect(select(`not (${one} and ${other})`)).toEqual(select(`not ${one} or not ${other}`));
        expect(select(`not not ${one}`)).toEqual(select(one));
      }),
    );
  });

  it.each([
    ['scores.includes.is_correct = true', 28, 'found "="', 'Compare with "==".'],
    ['scores.includes.is_correct and', 31, 'found the end of the expression', undefined],
    ['errors && excluded', 8, 'unexpected character "&"', 'Write "and".'],
    ['errors || excluded', 9, 'expected a name', 'Write "or".'],
    ['{{ errors }}', 11, 'found "}"', 'Leave out the {{ }}.'],
    ['', 1, 'found nothing', undefined],
    ['output | lenght > 3', 10, 'unknown filter "lenght"', 'Did you mean "length"?'],
    ['score.includes.is_correct', 1, 'there is no "score" here', 'Did you mean "scores"?'],
    ["topic == 'hours'", 1, 'there is no "topic" here', 'Did you mean "sample.topic"?'],
    ["sample.tpic == 'hours'", 8, 'no sample has a column "tpic"', 'Did you mean "sample.topic"?'],
    ['scores.the_judge.grade > 3', 8, 'has no scorer "the_judge"', `Did you mean "scores['the-judge']"?`],
    ["'a' in output)", 14, 'unexpected ")"', undefined],
  ])('refuses %s with the place and what to write', (expression, column, message, hint) => {
    const error = fail(() => compileWhere(expression, task));
    expect(error).toMatchObject({ code: 'usage' });
    expect(error.message).toContain(`where, column ${column}: `);
    expect(error.message).toContain(message);
    if (hint !== undefined) expect(error.hint?.split('\n').at(-1)).toBe(hint);
    if (expression !== '')
      expect(error.hint?.split('\n').slice(0, 2)).toEqual([expression, `${' '.repeat(column - 1)}^`]);
  });

  it('refuses a score that its scorer gave to no sample, once all of them were seen', () => {
    const error = fail(() => select('scores.includes.correct or true'));
    expect(error.message).toBe('where, column 17: scorer "includes" gives no "correct" on any sample.');
    expect(error.hint).toContain('It gives: scores.includes.is_correct.');
    expect(select('scores.includes.correct', [failed])).toEqual([]);
  });

  it('names the sample whose values cannot be compared', () => {
    expect(fail(() => select('sample.topic > 3')).message).toBe(
      'where, at sample right: text and a number have no order.',
    );
  });

  it('leaves the sample as it is, also where the expression changes it', () => {
    expect(select("sample.setdefault('length', 1) == 9")).toHaveLength(4);
    expect(select("sample.pop('topic') == 'prices'")).toEqual(['wrong']);
    expect(select("sample.topic == 'prices'")).toEqual(['wrong']);
  });
});
