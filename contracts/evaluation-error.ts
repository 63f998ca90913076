/** Codes of wrong usage or configuration: exit code 2, nothing spent. */
export const usageErrorCodes = [
  'usage',
  'config-invalid',
  'config-yaml',
  'config-file-missing',
  'config-unknown-key',
  'config-unknown-name',
  'config-duplicate-key',
  'config-secret',
  'not-built-yet',
  'template-syntax',
  'dataset-invalid',
  'dataset-empty',
  'module-invalid',
  'python-invalid',
  'python-missing',
  'run-not-found',
  'run-ambiguous',
  'resume-mismatch',
  'schedule-exists',
  'schedule-not-found',
  'encryption-keys-invalid',
  'encryption-key-missing',
  'encryption-key-wrong',
  'store-not-encrypted',
] as const;

/** Every code that an `EvaluationError` may carry. Stable: they are stored in records and documented in docs/errors.md. */
export const errorCodes = [
  ...usageErrorCodes,
  // gates: exit code 3, nothing sent
  'frozen',
  // sample errors
  'template-undefined',
  'template-failed',
  'trace-invalid',
  'model-error',
  'model-output-invalid',
  'recording-missing',
  'scorer-failed',
  'judge-reply-invalid',
  'filter-failed',
  'module-failed',
  'python-failed',
  // task errors
  'model-unusable',
  'limit-reached',
  'metric-failed',
  'too-many-sample-errors',
  // what is written beside the store
  'report-failed',
  // store and engine
  'blob-missing',
  'blob-damaged',
  'store-damaged',
  'store-schema',
  'store-failed',
  'temporal-cli-missing',
  'temporal-failed',
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** The place in a file that an error is about; line and column count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * The one error class of Stet.
 *
 * `message` says what happened, with which value, where; `hint` what to do next. Neither holds a secret. A message may quote
 * what a service or a judge replied, so it is stored and shown, and never enters a history.
 */
export class EvaluationError extends Error {
  override readonly name: string = 'EvaluationError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly location: SourceLocation | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly hint?: string; readonly location?: SourceLocation; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.location = options.location;
  }
}

/** All the problems of a file set at once; the CLI prints them one by one and exits with 2. */
export class ConfigurationError extends EvaluationError {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly EvaluationError[];

  constructor(problems: readonly [EvaluationError, ...EvaluationError[]]) {
    const [first] = problems;
    super(first.code, problems.length === 1 ? first.message : `${problems.length} problems in the configuration.`, {
      ...(first.hint === undefined ? {} : { hint: first.hint }),
      ...(first.location === undefined ? {} : { location: first.location }),
    });
    this.problems = problems;
  }
}
