import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { HostErrorReport } from '../hosts/host-call.ts';

export interface FailedSnippet {
  /** Its function, as people know it. */
  readonly name: string;
  /** Where it was written. */
  readonly file: string;
  readonly memoryLimitMb: number;
  /** Takes the values of secrets out of a text. */
  readonly hide: (text: string) => string;
}

/** What went wrong in a snippet: what, where in the user's file, and the traceback from there on. */
export function describeFailure(
  { message, code, line, trace }: HostErrorReport,
  { name, file, memoryLimitMb, hide }: FailedSnippet,
): EvaluationError {
  const place = line === undefined ? file : `${file}, line ${line}`;
  const more = trace === undefined ? '' : `\n${trace}`;
  switch (code) {
    case 'entry-missing':
      return new EvaluationError('python-failed', hide(`${file}: ${message}`));
    case 'shape':
      return new EvaluationError('python-failed', hide(`${name} (${file}): ${message}`));
    case 'syntax':
      return new EvaluationError('python-failed', hide(`${place} is not Python: ${message}${more}`));
    case 'memory':
      return new EvaluationError(
        'python-failed',
        hide(`${name} used more than ${memoryLimitMb} MB of memory (${place}).${more}`),
        { hint: 'STET_PYTHON_MEMORY_MB sets how much one process may hold.' },
      );
    case 'raised':
    case undefined:
    default:
      return new EvaluationError('python-failed', hide(`${name} raised ${message} (${place}).${more}`));
  }
}
