import { ConfigurationError, EvaluationError } from '../../contracts/evaluation-error.ts';
import type { TextOutput } from '../command-context.ts';

/** Writes the one JSON document of a `--json` command. */
export function writeJson(output: TextOutput, document: unknown): void {
  output.write(`${JSON.stringify(document, null, 2)}\n`);
}

interface ProblemDocument {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** What `--json` prints in place of a result when the command ended with an error. */
export interface ErrorDocument {
  readonly error: ProblemDocument & {
    /** Every problem of a configuration. */
    readonly problems?: readonly ProblemDocument[];
  };
}

export function makeErrorDocument(error: unknown): ErrorDocument {
  if (error instanceof ConfigurationError) {
    return { error: { ...describe(error), problems: error.problems.map(describe) } };
  }
  if (error instanceof EvaluationError) return { error: describe(error) };
  return { error: { code: 'internal', message: error instanceof Error ? error.message : String(error) } };
}

function describe(error: EvaluationError): ProblemDocument {
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...error.location,
  };
}
