import picocolors from 'picocolors';
import type { CommandContext, TextOutput } from '../command-context.ts';

type Paint = (text: string) => string;
type Environment = Readonly<Record<string, string | undefined>>;

/** Colours by meaning; where there are none they return the text as it is. */
export interface Style {
  readonly good: Paint;
  readonly bad: Paint;
  readonly attention: Paint;
  readonly faint: Paint;
  readonly strong: Paint;
  /** For screen readers: one fact a line, words in place of symbols, nothing redrawn. */
  readonly isPlain: boolean;
}

/**
 * Colours only on a terminal that is not dumb; elsewhere where `FORCE_COLOR` asks for them. `NO_COLOR`, set to anything,
 * beats that, and so does plain output.
 */
export function makeStyle(output: TextOutput, environment: Environment, isPlain = false): Style {
  const colours = picocolors.createColors(!isPlain && isColoured(output, environment));
  return {
    good: colours.green,
    bad: colours.red,
    attention: colours.yellow,
    faint: colours.dim,
    strong: colours.bold,
    isPlain,
  };
}

/** What stands for a value that is not there; a screen reader passes over a dash. */
export function renderNone({ isPlain }: Pick<Style, 'isPlain'>): string {
  return isPlain ? 'none' : '–';
}

/** Between what was and what is. */
export function becomes({ isPlain }: Pick<Style, 'isPlain'>): string {
  return isPlain ? ' to ' : ' → ';
}

/** Of the whole command line, and so for what is said about a wrong one, too. */
export function wantsPlain({ commandLine, environment }: Pick<CommandContext, 'commandLine' | 'environment'>): boolean {
  return commandLine.includes('--plain') || environment['STET_PLAIN'] === '1';
}

function isColoured(output: TextOutput, environment: Environment): boolean {
  const { NO_COLOR: none, FORCE_COLOR: forced, TERM: terminal } = environment;
  if (none) return false;
  if (forced) return forced !== '0' && forced !== 'false';
  return output.isTTY === true && terminal !== 'dumb';
}
