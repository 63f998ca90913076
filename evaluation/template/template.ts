import type { JsonValue } from '../../contracts/json.ts';

/** Names that a template may use, with their values; plain data, or objects with methods made by `createTraceNames`. */
export type TemplateNames = Readonly<Record<string, unknown>>;

/** Jinja text, compiled once, rendered per sample (format 3.3). */
export interface Template {
  /**
   * @throws {EvaluationError} `template-undefined`: `template <path>, sample <id>: "<name>" is undefined`, with the
   *   nearest name as hint; `template-failed` for what fails otherwise.
   */
  render(names: TemplateNames, sampleId: string): string;
}

/** An expression that keeps its type (format 3.3, value templates). */
export interface ValueTemplate {
  /** @throws {EvaluationError} `template-undefined`, `template-failed`. */
  evaluate(names: TemplateNames, sampleId: string): JsonValue;
  /** Whether the expression is defined; null and `""` are. */
  isDefined(names: TemplateNames, sampleId: string): boolean;
}
