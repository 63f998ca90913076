import { cleanLine } from '../output/text.ts';

/**
 * Text that came from elsewhere as text of Markdown, on one line and within a table as well: nothing in it is markup, and
 * neither an `@name` nor a `#12` is told of it. Not for the beginning of a line, where more would be markup.
 */
export function escapeMarkdown(text: string): string {
  return cleanLine(text)
    .replace(/[\\`*_[\]|~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[@#](?=\w)/g, '$&&#8203;');
}

/** A name as code: in a fence that is longer than any within it. */
export function renderMarkdownCode(text: string): string {
  const line = cleanLine(text).replaceAll('|', '\\|');
  const fences = line.match(/`+/g) ?? [];
  const fence = '`'.repeat(1 + Math.max(0, ...fences.map((found) => found.length)));
  const margin = line === '' || line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${margin}${line}${margin}${fence}`;
}

export interface MarkdownColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Cells are Markdown. */
export function renderMarkdownTable(columns: readonly MarkdownColumn[], rows: readonly (readonly string[])[]): string {
  const lines = [
    columns.map(({ title }) => title),
    columns.map(({ align = 'left' }) => (align === 'right' ? '---:' : '---')),
    ...rows,
  ];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}
