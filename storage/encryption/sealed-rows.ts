import type { SelectType, UpdateType } from 'kysely';
import type { Tables } from '../sql/tables.ts';
import type { ColumnCodec, RowKey } from './column-codec.ts';
import { listSealedColumns, type SealedColumn, type SealedTable } from './column-contents.ts';
import type { SealedText } from './sealed-text.ts';

// Rows as whole rows: their columns with content by one call, the others as they are.

/** A row with its content as plain text. */
export type OpenRow<Row> = {
  readonly [Column in keyof Row]: [NonNullable<Row[Column]>] extends [SealedText]
    ? string | Extract<Row[Column], null>
    : Row[Column];
};

/** What may be changed of a row, with its content as plain text. */
export type OpenChanges<Table extends keyof Tables> = {
  readonly [Column in keyof Tables[Table]]?:
    | ([NonNullable<SelectType<Tables[Table][Column]>>] extends [SealedText]
        ? string | Extract<SelectType<Tables[Table][Column]>, null>
        : UpdateType<Tables[Table][Column]>)
    | undefined;
};

/** What such changes are in the database. */
export type SealedChanges<Table extends keyof Tables> = {
  readonly [Column in keyof Tables[Table]]?: UpdateType<Tables[Table][Column]> | undefined;
};

/** Opens whatever a row of a table has of its columns with content; it has to have its whole key. */
export function openRow<Table extends SealedTable, Row extends RowKey<Table>>(
  columns: ColumnCodec,
  table: Table,
  row: Row,
): OpenRow<Row> {
  return mapContent(table, row, (column, text) => columns.open(table, column, row, text as SealedText)) as OpenRow<Row>;
}

/** Seals the content among the changes of a row. */
export function sealChanges<Table extends SealedTable>(
  columns: ColumnCodec,
  table: Table,
  key: RowKey<Table>,
  changes: OpenChanges<Table>,
): SealedChanges<Table> {
  return mapContent(table, changes, (column, text) => columns.seal(table, column, key, text)) as SealedChanges<Table>;
}

function mapContent<Table extends SealedTable>(
  table: Table,
  row: object,
  map: (column: SealedColumn<Table>, text: string) => string,
): object {
  const mapped: Record<string, unknown> = { ...row };
  for (const column of listSealedColumns(table)) {
    const text = mapped[column];
    if (typeof text === 'string') mapped[column] = map(column, text);
  }
  return mapped;
}
