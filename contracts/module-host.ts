import type { JsonValue } from './json.ts';

/**
 * Runs functions of user-written TypeScript or JavaScript off the main thread. An endless loop, an exit, a crash or too
 * much memory ends that call with an error and nothing else.
 */
export interface ModuleHost {
  /**
   * Calls an export of a bundle (ESM source text) with one argument.
   *
   * @throws {EvaluationError} `module-failed`; an error thrown with a numeric `status` keeps it as `cause.status`.
   */
  call(
    bundle: { readonly digest: string; readonly source: string },
    exportName: string,
    argument: JsonValue,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignalLike },
  ): Promise<JsonValue>;
  /** Loads a bundle and checks the export. @throws {EvaluationError} `module-invalid`. */
  check(bundle: { readonly digest: string; readonly source: string }, exportName: string): Promise<void>;
  close(): Promise<void>;
}

/** The part of `AbortSignal` that contracts may name without Node's or the browser's types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
