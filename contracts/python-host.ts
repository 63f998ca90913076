import type { JsonValue } from './json.ts';
import type { AbortSignalLike } from './module-host.ts';
import type { AnswerRequest } from './user-code.ts';

/** What a snippet may be; each has one function to define (format 21.1). */
export const pythonFunctions = {
  scorer: 'compute_scores',
  'dataset-scorer': 'compute_scores',
  'all-samples-scorer': 'compute_scores',
  metric: 'compute_metrics',
  solver: 'run_solver',
  postprocessor: 'postprocess',
  synthesizer: 'synthesize',
  'system-task': 'compute_evidence',
  inference: 'run_inference',
} as const;
export type PythonEntry = keyof typeof pythonFunctions;

export interface PythonSnippet {
  /** SHA-256 of the source, by which a process knows it again. */
  readonly digest: string;
  readonly source: string;
  /** Where people wrote it, as error texts name it: the file, and the line of it that is the first of the source. */
  readonly file: string;
  readonly line: number;
}

export interface PythonCallOptions {
  /** Longest time that it computes; while it waits for what it has asked for, the clock stands. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignalLike;
  /** Values of the secrets that the snippet names as `<< secrets.NAME >>`; filled in within the process. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Makes what answers `model.predict`, anew where the call is tried again; absent: it has no model. */
  readonly answer?: () => AnswerRequest;
}

export interface PythonResult {
  readonly value: JsonValue;
  /** What it printed. */
  readonly log?: string | undefined;
}

/**
 * Runs snippets of Python in a pool of processes. A snippet that raises, returns what cannot be, never ends, exits, crashes or
 * takes too much memory ends that call with an error and nothing else.
 */
export interface PythonHost {
  /**
   * @throws {EvaluationError} `python-failed`, with the traceback in the user's file; `python-missing` where there is no
   *   Python to run it.
   */
  call(
    snippet: PythonSnippet,
    entry: PythonEntry,
    argument: JsonValue,
    options?: PythonCallOptions,
  ): Promise<PythonResult>;
  /**
   * Compiles and loads a snippet, its imports too, and looks for the function.
   *
   * @throws {EvaluationError} `python-invalid`, with the line in the user's file; `python-missing`.
   */
  check(snippet: PythonSnippet, entry: PythonEntry, secrets?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}
