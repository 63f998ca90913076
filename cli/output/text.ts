import { stripVTControlCharacters } from 'node:util';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
// East Asian wide forms and emoji take two cells; the rest counts as one. Good enough to keep a line within a terminal.
const wide =
  /^(?:[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;

/** Cells that a text takes on a terminal, colours not counted. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text))) width += wide.test(segment) ? 2 : 1;
  return width;
}

/** At most `width` cells of a plain text, with `…` in place of what is cut. */
export function truncateText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let result = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const cells = wide.test(segment) ? 2 : 1;
    if (used + cells > width - 1) break;
    result += segment;
    used += cells;
  }
  return width < 1 ? '' : `${result}…`;
}

/**
 * Text that came from outside (a model, a dataset, a service) without anything that could steer the terminal: control
 * characters other than newline and tab become visible, `\r\n` becomes a newline.
 */
export function cleanText(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, showCode);
}

/** The same on one line, for table cells and progress. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ').trim();
}

export function indent(text: string, spaces: number): string {
  const margin = ' '.repeat(spaces);
  return text
    .split('\n')
    .map((line) => (line === '' ? line : margin + line))
    .join('\n');
}

/** Breaks a plain text so that no line is wider than `width`: between words, and within a word that alone is too wide. */
export function wrapText(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((whole) => splitWord(whole, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join('\n');
}

function splitWord(word: string, width: number): readonly string[] {
  if (textWidth(word) <= width) return [word];
  const pieces: string[] = [];
  let piece = '';
  for (const { segment } of graphemes.segment(word)) {
    if (piece !== '' && textWidth(piece + segment) > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += segment;
  }
  return [...pieces, piece];
}

function showCode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
