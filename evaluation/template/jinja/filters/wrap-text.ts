import { countCharacters, splitCharacters } from '../characters.ts';
import { RenderFault } from '../faults.ts';
import { splitLines } from '../split-text.ts';

export interface WrapOptions {
  readonly width: number;
  readonly breaksWords: boolean;
  readonly breaksHyphens: boolean;
  readonly lineEnd: string;
}

/** Breaks every line at blanks so that none is longer than the width, as Python's `textwrap` does. */
export function wrapText(text: string, options: WrapOptions): string {
  if (options.width < 1) throw new RenderFault('the width must be at least 1');
  return splitLines(text, false)
    .map((line) => wrapLine(line, options).join(options.lineEnd))
    .join(options.lineEnd);
}

// A word may be cut behind a hyphen between letters ("well-known") and around a dash between words ("so--what").
const pieces =
  /[\t\n\v\f\r ]+|(?<=[\p{L}\p{N}_!"'&.,?])-{2,}(?=[\p{L}\p{N}_])|[^\t\n\v\f\r ]+?(?:-(?:(?<=[\p{L}_]{2}-)|(?<=[\p{L}_]-[\p{L}_]-))(?=[\p{L}_]-?[\p{L}_])|(?=[\t\n\v\f\r ]|$)|(?<=[\p{L}\p{N}_!"'&.,?])(?=-{2,}[\p{L}\p{N}_]))/gu;
const words = /[\t\n\v\f\r ]+|[^\t\n\v\f\r ]+/g;

function wrapLine(text: string, { width, breaksWords, breaksHyphens }: WrapOptions): string[] {
  const waiting = (text.match(breaksHyphens ? pieces : words) ?? []).reverse();
  const lines: string[] = [];
  while (waiting.length > 0) {
    if (lines.length > 0 && isBlank(waiting.at(-1))) waiting.pop();
    const line: string[] = [];
    let used = 0;
    for (
      let next = waiting.at(-1);
      next !== undefined && used + countCharacters(next) <= width;
      next = waiting.at(-1)
    ) {
      line.push(next);
      used += countCharacters(next);
      waiting.pop();
    }
    const next = waiting.at(-1);
    if (next !== undefined && countCharacters(next) > width)
      breakWord(waiting, line, width - used, { breaksWords, breaksHyphens });
    if (isBlank(line.at(-1))) line.pop();
    if (line.length > 0) lines.push(line.join(''));
  }
  return lines;
}

function breakWord(
  waiting: string[],
  line: string[],
  space: number,
  { breaksWords, breaksHyphens }: { readonly breaksWords: boolean; readonly breaksHyphens: boolean },
): void {
  const word = waiting.at(-1) ?? '';
  if (!breaksWords) {
    // A word that never fits gets a line of its own.
    if (line.length === 0) line.push(waiting.pop() ?? '');
    return;
  }
  const characters = splitCharacters(word);
  let cut = Math.max(1, space);
  if (breaksHyphens && characters.length > cut) {
    const hyphen = characters.lastIndexOf('-', cut - 1);
    if (hyphen > 0 && characters.slice(0, hyphen).some((character) => character !== '-')) cut = hyphen + 1;
  }
  line.push(characters.slice(0, cut).join(''));
  waiting[waiting.length - 1] = characters.slice(cut).join('');
}

function isBlank(piece: string | undefined): boolean {
  return piece !== undefined && /^[\t\n\v\f\r ]*$/.test(piece);
}
