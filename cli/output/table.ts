import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Style } from './style.ts';
import { indent, textWidth, wrapText } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Left out where there is too little room for all. */
  readonly isMinor?: boolean;
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
 * A table without borders that never is wider than `width`: minor columns are left out, the widest are broken into lines,
 * and where even that does not fit, every row becomes a list of `title: value` lines. Cells may be coloured; they must be
 * one line. Plain output has no tables: there a row is a list of facts, each with its name.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly width: number; readonly style: Style },
): string {
  if (options.style.isPlain) return renderAsFacts(columns, rows);
  const natural = columns.map((column, index) =>
    Math.max(textWidth(column.title), ...rows.map((row) => textWidth(row[index] ?? ''))),
  );
  const minor = columns.findLastIndex(({ isMinor }) => isMinor === true);
  if (minor >= 0 && sum(natural) + gap * columns.length > options.width) {
    return renderTable(
      columns.toSpliced(minor, 1),
      rows.map((row) => row.toSpliced(minor, 1)),
      options,
    );
  }
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
  let excess = sum(widths) - available;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= narrowestColumn) return undefined;
    widths[widths.indexOf(widest)] = widest - 1;
    excess -= 1;
  }
  return widths;
}

function sum(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, 0);
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

/** What is absent is a dash in a table, which a screen reader passes over. */
function renderAsFacts(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  return rows
    .map((row) =>
      row
        .map((cell, index) => [columns[index]?.title ?? '', cell] as const)
        .filter(([, cell]) => cell !== '')
        .map(([title, cell]) => `${title}: ${cell === '–' ? 'none' : cell}\n`)
        .join(''),
    )
    .join('\n');
}
