import type { SelectType } from 'kysely';
import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Tables } from '../sql/tables.ts';
import type { SealedColumn, SealedTable } from './column-contents.ts';
import type { SealedText } from './sealed-text.ts';
import type { RowPlace, StoreCipher } from './store-cipher.ts';

/** The primary keys of tables with sealed columns, in their order. A sealed text is bound to the key of its row. */
export const rowKeys = {
  runs: ['run_id'],
  task_results: ['task_result_id'],
  fingerprints: ['digest'],
  journal_answers: [
    'task_result_id',
    'stage',
    'segment_index',
    'sample_index',
    'trial',
    'scorer_key',
    'model_key',
    'request_digest',
    'occurrence',
  ],
  journal_outcomes: ['task_result_id', 'stage', 'segment_index', 'sample_index'],
  schedules: ['name'],
  notifications: ['notification_id'],
  selections: ['reader_digest'],
} as const satisfies { readonly [Table in SealedTable]: readonly (keyof Tables[Table])[] };

/** The part of a row that names it. */
export type RowKey<Table extends SealedTable> = {
  readonly [Column in (typeof rowKeys)[Table][number] & keyof Tables[Table]]: SelectType<Tables[Table][Column]>;
};

/** Seals and opens columns with content. */
export interface ColumnCodec {
  /**
   * A digest of content as it may stand readable, to be looked up by: of an encrypted store keyed, since who reads the
   * database could digest guesses himself. Its first 128 bits in hexadecimal.
   */
  hide(digest: Digest): string;
  seal<Table extends SealedTable>(
    table: Table,
    column: SealedColumn<Table>,
    key: RowKey<Table>,
    text: string,
  ): SealedText;
  /** @throws {EvaluationError} `store-damaged`: it was changed, or lies where it was not written. */
  open<Table extends SealedTable>(
    table: Table,
    column: SealedColumn<Table>,
    key: RowKey<Table>,
    sealed: SealedText,
  ): string;
}

const digestPrefix = 'sha256:';
const hiddenLength = 32;

/** Of a plain store: texts stand as they are. */
export const plainColumns: ColumnCodec = {
  hide: (digest) => digest.slice(digestPrefix.length, digestPrefix.length + hiddenLength),
  seal: (_table, _column, _key, text) => text as SealedText,
  open: (_table, _column, _key, sealed) => sealed,
};

const mark = 'sealed:';

export function createSealedColumns(cipher: StoreCipher): ColumnCodec {
  return {
    hide: (digest) => cipher.nameOf(digest).slice(0, hiddenLength),
    seal: (table, column, key, text) => sealText(cipher, makePlace(table, column, key), text),
    open(table, column, key, sealed) {
      const text = openText(cipher, makePlace(table, column, key), sealed);
      if (text !== undefined) return text;
      throw new EvaluationError(
        'store-damaged',
        `A row of ${table} cannot be read: its ${column} was changed, or written for another row.`,
        { hint: 'Restore the database from a backup, or begin a new store.' },
      );
    },
  };
}

export function makePlace<Table extends SealedTable>(
  table: Table,
  column: SealedColumn<Table>,
  key: RowKey<Table>,
): RowPlace {
  const columns: readonly string[] = rowKeys[table];
  const values: Readonly<Record<string, unknown>> = key;
  return { table, column, key: columns.map((name) => toKeyPart(values[name])) };
}

/** As text: a place is the same in every database, and some drivers give large numbers as texts. */
function toKeyPart(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new EvaluationError('internal', 'A row was to be sealed without the whole of its key.');
}

export function sealText(cipher: StoreCipher, place: RowPlace, text: string): SealedText {
  return `${mark}${cipher.sealRow(place, Buffer.from(text)).toString('base64')}` as SealedText;
}

/** The text, or undefined where it is no envelope of this place that a key of the store opens. */
export function openText(cipher: StoreCipher, place: RowPlace, sealed: string): string | undefined {
  const envelope = readEnvelope(sealed);
  const opened = envelope === undefined ? undefined : cipher.openRow(place, envelope);
  return opened?.is === 'open' ? opened.bytes.toString() : undefined;
}

/** The envelope in a column; undefined where a plain text stands in it. No plain one begins like this: most are JSON. */
export function readEnvelope(text: string): Buffer | undefined {
  return text.startsWith(mark) ? Buffer.from(text.slice(mark.length), 'base64') : undefined;
}
