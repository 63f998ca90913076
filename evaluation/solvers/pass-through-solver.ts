import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { parseTrace } from './parse-trace.ts';
import type { SolverKind } from './solver-kind.ts';

/** The trace is there already, in a column; no model is called. */
export const passThroughSolver: SolverKind<'pass_through_solver'> = {
  type: 'pass_through_solver',
  revision: 1,
  usesModel: false,
  create({ trace_column }) {
    return async (sample) => {
      const makeError = (problem: string): EvaluationError =>
        new EvaluationError(
          'trace-invalid',
          `Column "${trace_column}" of sample ${sample.id} is no trace: ${problem}.`,
          {
            hint: 'Expected {"FORMAT": "open_responses", "items": […]}, or the list of items alone, as JSON.',
          },
        );
      const value = Object.hasOwn(sample.row, trace_column) ? sample.row[trace_column] : undefined;
      if (value === undefined) throw makeError('the row has no such column');
      return { trace: parseTrace(value, makeError), raw_outputs: [], direct_ios: [] };
    };
  },
};
