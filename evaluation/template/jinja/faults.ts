/** What is wrong with a template's source; found when it is compiled. */
export class SyntaxFault extends Error {
  readonly line: number;
  readonly hint: string | undefined;

  constructor(message: string, line: number, hint?: string) {
    super(message);
    this.line = line;
    this.hint = hint;
  }
}

/**
 * What went wrong while a template was rendered. The message names types, never values: it is stored and shown, and values
 * are row content.
 */
export class RenderFault extends Error {
  /** Line of the template, filled in by the innermost statement that the fault passes. */
  line: number | undefined;
}

/** A missing name, attribute or index that was printed, compared, tested or called. */
export class UndefinedFault extends Error {
  /** As the template writes it, such as `sample.contry`. */
  readonly expression: string;
  readonly hint: string | undefined;

  constructor(expression: string, hint: string | undefined) {
    super(`"${expression}" is undefined`);
    this.expression = expression;
    this.hint = hint;
  }
}
