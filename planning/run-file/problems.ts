import {
  ConfigurationError,
  type ErrorCode,
  EvaluationError,
  type SourceLocation,
} from '../../contracts/evaluation-error.ts';

export interface Warning {
  readonly message: string;
  readonly location?: SourceLocation;
}

type Place = SourceLocation | undefined;

/** Gathers everything that is wrong, so that one run of the reader reports all of it. */
export class Problems {
  readonly #errors = new Map<string, EvaluationError>();
  readonly #warnings = new Map<string, Warning>();
  /** Files in the order in which they were opened: their problems are reported in that order. */
  readonly #files: string[] = [];

  add(code: ErrorCode, message: string, location: Place, hint?: string): void {
    const error = new EvaluationError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(location === undefined ? {} : { location }),
    });
    // One value may be met twice: as it is written and as part of a resolved definition.
    const name = JSON.stringify([code, message, location]);
    if (!this.#errors.has(name)) this.#errors.set(name, error);
  }

  warn(message: string, location: Place): void {
    const name = JSON.stringify([message, location]);
    if (!this.#warnings.has(name))
      this.#warnings.set(name, { message, ...(location === undefined ? {} : { location }) });
  }

  noteFile(file: string): void {
    if (!this.#files.includes(file)) this.#files.push(file);
  }

  get warnings(): readonly Warning[] {
    return [...this.#warnings.values()].toSorted((a, b) => this.#compare(a.location, b.location));
  }

  /** @throws {ConfigurationError} with all problems, in the order of the files. */
  throwIfAny(): void {
    const sorted = [...this.#errors.values()].toSorted((a, b) => this.#compare(a.location, b.location));
    const [first, ...rest] = sorted;
    if (first !== undefined) throw new ConfigurationError([first, ...rest]);
  }

  #compare(a: Place, b: Place): number {
    if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
    return (
      this.#files.indexOf(a.file) - this.#files.indexOf(b.file) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0)
    );
  }
}
