import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { RenderFault, SyntaxFault } from '../template/jinja/faults.ts';
import { tokenizeExpression } from '../template/jinja/lexer.ts';
import { parseExpression } from '../template/jinja/parse-expression.ts';
import { Rendering, Scope } from '../template/jinja/scope.ts';
import type { Expression } from '../template/jinja/syntax-tree.ts';
import { describeToken, TokenStream } from '../template/jinja/token-stream.ts';
import { findUses } from '../template/jinja/used-names.ts';
import { checkNames, failUnknownScore, type NamedScore, type WhereTask } from './check-names.ts';
import { compilePredicate } from './compile-predicate.ts';
import type { WhereSubject } from './where-subject.ts';

/** A condition over samples and trials, written as an expression of the templates' language. */
export interface Where {
  /**
   * Whether it holds. What the trial lacks, such as the scores of a sample that failed, makes it hold neither this way nor
   * the other.
   *
   * @throws {EvaluationError} `usage` naming the sample, where values cannot be compared or worked on.
   */
  matches(subject: WhereSubject): boolean;
  /**
   * To be called once every sample has been looked at.
   *
   * @throws {EvaluationError} `usage` for the name of a score that its scorer gave to none of them.
   */
  finish(): void;
}

/**
 * Compiles `--where`.
 *
 * @throws {EvaluationError} `usage` with the column, what is wrong there and the nearest name.
 */
export function compileWhere(source: string, task: WhereTask): Where {
  return atColumn(source, () => {
    const expression = parse(source);
    const predicate = compilePredicate(expression);
    const survey = createSurvey(checkNames(expression, task));
    const { changesData } = findUses([{ type: 'print', expression, line: 1 }]);
    return {
      matches(subject) {
        survey.see(subject);
        try {
          return predicate(new Scope(new Rendering(subject.names, changesData)), subject.hasOutput) === true;
        } catch (fault) {
          if (!(fault instanceof RenderFault)) throw fault;
          throw new EvaluationError('usage', `where, at sample ${subject.sampleId}: ${fault.message}.`);
        }
      },
      finish: () => atColumn(source, () => survey.finish()),
    };
  });
}

function parse(source: string): Expression {
  if (source.trim() === '') throw new SyntaxFault('expected an expression, found nothing', 1);
  const stream = new TokenStream(tokenizeExpression(source));
  const expression = parseExpression(stream);
  if (!stream.is('end')) {
    stream.fail(`expected an operator or the end of the expression, found ${describeToken(stream.current)}`);
  }
  return expression;
}

interface Survey {
  see(subject: WhereSubject): void;
  finish(): void;
}

/** Which of the named scores some sample has. */
function createSurvey(named: readonly NamedScore[]): Survey {
  const given = new Map(named.map(({ scorerKey }) => [scorerKey, new Set<string>()]));
  return {
    see({ scores }) {
      for (const [scorerKey, names] of given) {
        for (const name of Object.keys(scores[scorerKey] ?? {})) names.add(name);
      }
    },
    finish() {
      for (const score of named) {
        const names = given.get(score.scorerKey);
        // A scorer without a single score, as where all samples failed, says nothing of its names.
        if (names !== undefined && names.size > 0 && !names.has(score.name)) failUnknownScore(score, names);
      }
    },
  };
}

function atColumn<Result>(source: string, run: () => Result): Result {
  try {
    return run();
  } catch (fault) {
    if (fault instanceof RangeError) throw new EvaluationError('usage', 'where: it is nested too deeply.');
    if (!(fault instanceof SyntaxFault)) throw fault;
    const { message, line: column, hint = adviseOn(source, column) } = fault;
    const picture = source.includes('\n') ? [] : [source, `${' '.repeat(column - 1)}^`];
    throw new EvaluationError('usage', `where, column ${column}: ${message}.`, {
      hint: [...picture, ...(hint === undefined ? [] : [hint])].join('\n'),
    });
  }
}

/** Slips of those who think in another language. */
function adviseOn(source: string, column: number): string | undefined {
  const rest = source.slice(column - 1);
  if (source.startsWith('{{') || rest.startsWith('}}')) return 'Leave out the {{ }}.';
  if (rest.startsWith('&')) return 'Write "and".';
  if (rest.startsWith('|') || source.slice(column - 2).startsWith('||')) return 'Write "or".';
  if (rest.startsWith('!')) return 'Write "not".';
  return rest.startsWith('=') ? 'Compare with "==".' : undefined;
}
