import type { CommandContext, TextOutput } from '../command-context.ts';
import { makeStyle, type Style, wantsPlain } from './style.ts';

/** Where a command writes for people, in which width and colours. */
export interface HumanOutput {
  write(text: string): void;
  readonly stream: TextOutput;
  readonly width: number;
  readonly style: Style;
}

/** With `--json` standard output belongs to the one document, and people read standard error. */
export function makeHumanOutput(context: CommandContext, flags: { readonly json?: boolean }): HumanOutput {
  const stream = flags.json === true ? context.stderr : context.stdout;
  return makeOutput(stream, context);
}

export function makeNoticeOutput(context: CommandContext): HumanOutput {
  return makeOutput(context.stderr, context);
}

function makeOutput(stream: TextOutput, context: CommandContext): HumanOutput {
  const isPlain = wantsPlain(context);
  return {
    stream,
    write: (text) => {
      stream.write(text);
    },
    width: isPlain ? plainWidth : findWidth(stream),
    style: makeStyle(stream, context.environment, isPlain),
  };
}

/** A fact is a line; where a terminal breaks it is no concern of who listens. */
const plainWidth = 10_000;

/** What is no terminal has no width to keep within; a table for a file may be wide, but not without end. */
function findWidth(stream: TextOutput): number {
  return stream.isTTY === true ? Math.max(20, stream.columns || 80) : 200;
}
