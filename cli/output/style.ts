import picocolors from 'picocolors';
import type { TextOutput } from '../command-context.ts';

type Paint = (text: string) => string;

/** Colours by meaning; without a terminal they return the text as it is. */
export interface Style {
  readonly good: Paint;
  readonly bad: Paint;
  readonly attention: Paint;
  readonly faint: Paint;
  readonly strong: Paint;
}

/** Colours only on a terminal, and not where `NO_COLOR` is set to anything or the terminal is dumb. */
export function makeStyle(output: TextOutput, environment: Readonly<Record<string, string | undefined>>): Style {
  const isColoured = output.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  const colours = picocolors.createColors(isColoured);
  return {
    good: colours.green,
    bad: colours.red,
    attention: colours.yellow,
    faint: colours.dim,
    strong: colours.bold,
  };
}
