import { sql } from 'kysely';
import type { Database } from '../sql/database.ts';
import { all, execute, type Work } from '../sql/work.ts';
import { makePlace, openText, type RowKey, readEnvelope, rowKeys, sealText } from './column-codec.ts';
import { listSealedColumns, type SealedColumn, type SealedTable } from './column-contents.ts';
import type { StoreCipher } from './store-cipher.ts';

/** Few, so that answers of running evaluations wait for no more than a moment. */
const rowsPerTransaction = 200;

type Row = Readonly<Record<string, string | number | null>>;

/**
 * Seals every column with content with the key that writes, some rows a transaction. What is written meanwhile is
 * sealed with that key already.
 *
 * @param options.takesPlain - Whether plain texts may stand there: while a plain store is being encrypted, and never else.
 * @returns how many texts were sealed, and how many could not be opened and stay as they are.
 */
export async function rekeyRows(
  database: Database,
  cipher: StoreCipher,
  options: { readonly takesPlain: boolean; readonly onProgress: (done: number) => void },
): Promise<{ readonly sealed: number; readonly unreadable: number }> {
  let [done, sealed, unreadable] = [0, 0, 0];
  for (const table of Object.keys(rowKeys) as SealedTable[]) {
    let last: Row | undefined;
    do {
      const after = last;
      const page = await database.transaction(() => rekeyPage(cipher, table, after, options.takesPlain));
      done += page.rows;
      sealed += page.sealed;
      unreadable += page.unreadable;
      last = page.last;
      options.onProgress(done);
    } while (last !== undefined);
  }
  return { sealed, unreadable };
}

interface Page {
  readonly rows: number;
  readonly sealed: number;
  readonly unreadable: number;
  /** Undefined behind the last page. */
  readonly last: Row | undefined;
}

function* rekeyPage(cipher: StoreCipher, table: SealedTable, after: Row | undefined, takesPlain: boolean): Work<Page> {
  const keys: readonly string[] = rowKeys[table];
  const columns: readonly string[] = listSealedColumns(table);
  const keyList = sql.join(keys.map((key) => sql.ref(key)));
  const values = after === undefined ? undefined : sql.join(keys.map((key) => after[key]));
  const rows = yield* all(
    sql<Row>`SELECT ${sql.join([...keys, ...columns].map((column) => sql.ref(column)))} FROM ${sql.table(table)}
      ${values === undefined ? sql`` : sql`WHERE (${keyList}) > (${values})`}
      ORDER BY ${keyList} LIMIT ${sql.lit(rowsPerTransaction)}`,
  );
  let [sealed, unreadable] = [0, 0];
  for (const row of rows) {
    const changes: [column: string, text: string][] = [];
    for (const column of columns) {
      const text = row[column];
      if (typeof text !== 'string') continue;
      const became = rekeyText(cipher, table, column, row, text, takesPlain);
      if (became === undefined) unreadable += 1;
      else if (became !== text) changes.push([column, became]);
    }
    if (changes.length === 0) continue;
    const set = sql.join(changes.map(([column, text]) => sql`${sql.ref(column)} = ${text}`));
    const isRow = sql.join(
      keys.map((key) => sql`${sql.ref(key)} = ${row[key]}`),
      sql` AND `,
    );
    yield* execute(sql`UPDATE ${sql.table(table)} SET ${set} WHERE ${isRow}`);
    sealed += changes.length;
  }
  return { rows: rows.length, sealed, unreadable, last: rows.length < rowsPerTransaction ? undefined : rows.at(-1) };
}

/** The text as it shall stand; undefined where it cannot be opened. */
function rekeyText(
  cipher: StoreCipher,
  table: SealedTable,
  column: string,
  row: Row,
  text: string,
  takesPlain: boolean,
): string | undefined {
  const envelope = readEnvelope(text);
  if (envelope !== undefined && cipher.isCurrent(envelope)) return text;
  const place = makePlace(table, column as SealedColumn<SealedTable>, row as unknown as RowKey<SealedTable>);
  const plain = envelope === undefined ? (takesPlain ? text : undefined) : openText(cipher, place, text);
  return plain === undefined ? undefined : sealText(cipher, place, plain);
}
