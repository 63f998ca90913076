import { EvaluationError } from '../../contracts/evaluation-error.ts';

export const alertOperators = ['<', '<=', '>', '>='] as const;
export type AlertOperator = (typeof alertOperators)[number];

/** A condition that marks a run. */
export interface Alert {
  /** As written, with single spaces; what is shown and stored. */
  readonly text: string;
  /** `METRIC` or `TASK.METRIC`; metrics may have points in their names. */
  readonly subject: string;
  readonly operator: AlertOperator;
  readonly threshold: number;
  /** A signed threshold is about the difference to a baseline, an unsigned one about the value itself. */
  readonly isDifference: boolean;
}

const pattern =
  /^\s*(?<subject>.*?\S)\s*(?<operator>[<>]=?)\s*(?<threshold>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*$/i;

/**
 * Reads `[TASK.]METRIC (<|>|<=|>=) NUMBER`. `accuracy < 0.7` is about the value; `accuracy < -0.02`, with a sign, about the
 * difference to the baseline: `<` and `<=` take a negative difference, `>` and `>=` a positive one.
 *
 * @param called - What the user knows it as.
 * @throws {EvaluationError} `usage`.
 */
export function parseAlert(text: string, called: 'alert' | 'condition' = 'alert'): Alert {
  const { subject, operator: written, threshold } = pattern.exec(text)?.groups ?? {};
  const operator = alertOperators.find((known) => known === written);
  if (subject === undefined || operator === undefined || threshold === undefined) {
    throw new EvaluationError('usage', `The ${called} ${JSON.stringify(text)} cannot be read.`, {
      hint: 'Write [TASK.]METRIC, one of < <= > >=, and a number: "accuracy < 0.7", or signed, for the difference to the baseline, "accuracy < -0.02".',
    });
  }
  const isDifference = /^[+-]/.test(threshold);
  if (isDifference && threshold.startsWith('-') !== operator.startsWith('<')) {
    throw new EvaluationError(
      'usage',
      `The ${called} ${JSON.stringify(text)} is about a difference in the other direction than its "${operator}".`,
      {
        hint: 'A signed number is a difference to the baseline: "< -0.02" is a fall by more than 0.02, "> +0.02" a rise. Without a sign the value itself is meant.',
      },
    );
  }
  return {
    text: `${subject} ${operator} ${threshold}`,
    subject,
    operator,
    threshold: Number(threshold),
    isDifference,
  };
}

/** Whether a number is on the side of the threshold that the alert is about. */
export function isBeyond({ operator, threshold }: Pick<Alert, 'operator' | 'threshold'>, value: number): boolean {
  switch (operator) {
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
  }
}
