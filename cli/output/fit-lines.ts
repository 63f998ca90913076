import type { HumanOutput } from './output.ts';
import { indent, textWidth, wrapText } from './text.ts';

const narrowestText = 20;

/** Breaks what is wider than the terminal and keeps its margin; what goes to a file or a pipe stays as it is. */
export function fitLines(text: string, { stream, width, style }: HumanOutput): string {
  if (stream.isTTY !== true || style.isPlain) return text;
  return text
    .split('\n')
    .map((line) => {
      if (textWidth(line) <= width) return line;
      const margin = line.length - line.trimStart().length;
      return indent(wrapText(line.slice(margin), Math.max(narrowestText, width - margin)), margin);
    })
    .join('\n');
}
