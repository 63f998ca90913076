import { type DiffLine, diffLines } from '../../evaluation/reuse/line-diff.ts';
import { formatPlural } from './format.ts';
import type { HumanOutput } from './output.ts';
import { cleanText, wrapText } from './text.ts';

/** Unchanged lines that are shown around a change. */
const linesAround = 1;
const maxLines = 30;

/** Where two texts differ, line by line: `-` was, `+` is; long stretches in which nothing changed are left out. */
export function renderTextDiff(before: string, after: string, output: Pick<HumanOutput, 'width' | 'style'>): string {
  const lines = diffLines(before, after);
  const shown: string[] = [];
  let isGap = false;
  for (const [index, line] of lines.entries()) {
    if (!isNearChange(lines, index) || (line.kind === 'same' && line.text.trim() === '')) {
      isGap = true;
      continue;
    }
    if (isGap && shown.length > 0) shown.push(output.style.faint('  …'));
    isGap = false;
    if (shown.length >= maxLines) {
      shown.push(
        output.style.faint(`  … and ${formatPlural(lines.length - index, 'more line')}; --json has all of it.`),
      );
      break;
    }
    shown.push(renderLine(line, output));
  }
  return `${shown.join('\n')}\n`;
}

function isNearChange(lines: readonly DiffLine[], index: number): boolean {
  return lines.slice(Math.max(0, index - linesAround), index + linesAround + 1).some(({ kind }) => kind !== 'same');
}

const marks = { same: ' ', removed: '-', added: '+' } as const;

/** A line that is too wide goes on below, without its mark. */
function renderLine({ kind, text }: DiffLine, { width, style }: Pick<HumanOutput, 'width' | 'style'>): string {
  const paint = { same: style.faint, removed: style.bad, added: style.good }[kind];
  return wrapText(cleanText(text), Math.max(20, width - 2))
    .split('\n')
    .map((part, index) => paint(`${index === 0 ? marks[kind] : ' '} ${part}`.trimEnd()))
    .join('\n');
}
