import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Style } from './style.ts';
import { indent, textWidth, wrapText } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};
/** Cells between two columns; on the right of every cell. */
const gap = 2;
const narrowestColumn = 8;

/**
 * A table without borders that never is wider than `width`: the widest columns are broken into lines, and where even
 * that does not fit, every row becomes a list of `title: value` lines. Cells may be coloured; they must be one line.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly width: number; readonly style: Style },
): string {
  const natural = columns.map((column, index) =>
    Math.max(textWidth(column.title), ...rows.map((row) => textWidth(row[index] ?? ''))),
  );
  const widths = fitColumns(natural, options.width - gap * columns.length);
  if (widths === undefined) return renderAsList(columns, rows, options.style);
  const table = new Table({
    chars: noBorders,
    style: { 'padding-left': 0, 'padding-right': gap, head: [], border: [], compact: true },
    colWidths: widths.map((width) => width + gap),
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  table.push(
    widths.map((width, index) => paintLines(wrapText(columns[index]?.title ?? '', width), options.style)),
    ...rows.map((row) => widths.map((width, index) => wrapCell(row[index] ?? '', width))),
  );
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

/** A cell that has to be broken loses its colours: they would run on into the next column. */
function wrapCell(cell: string, width: number): string {
  return textWidth(cell) <= width ? cell : wrapText(stripVTControlCharacters(cell), width);
}

function paintLines(text: string, style: Style): string {
  return text.split('\n').map(style.faint).join('\n');
}

/** Takes cells from the widest column, one by one; undefined when the narrowest acceptable widths do not fit either. */
function fitColumns(natural: readonly number[], available: number): readonly number[] | undefined {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= narrowestColumn) return undefined;
    widths[widths.indexOf(widest)] = widest - 1;
    excess -= 1;
  }
  return widths;
}

function renderAsList(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string {
  return rows
    .map((row) => {
      const [first = '', ...rest] = row;
      const lines = rest.flatMap((cell, index) =>
        cell === '' ? [] : [`${style.faint(`${columns[index + 1]?.title ?? ''}:`)} ${cell}`],
      );
      return `${first}\n${indent(lines.join('\n'), 2)}\n`;
    })
    .join('');
}
