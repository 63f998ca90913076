import type { JsonObject } from '../../../../contracts/json.ts';
import { readLineBlocks } from '../../../../planning/datasets/line-blocks.ts';
import { readCsv } from '../../../../planning/datasets/read-csv.ts';
import { readJsonl } from '../../../../planning/datasets/read-jsonl.ts';
import { type FailRow, makeRowError } from '../../../../planning/datasets/row-error.ts';
import type { SourceRow } from '../../../../planning/datasets/row-source.ts';

export type Format = 'jsonl' | 'csv' | 'csv with infer_types';

const fail: FailRow = (place, problem, hint, cause) =>
  makeRowError('questions', { ...place, file: 'rows' }, problem, { hint, cause });

/** Reads bytes that arrive in pieces of a given length. */
export async function readPieces(
  format: Format,
  bytes: Uint8Array | string,
  pieceBytes = 1 << 16,
): Promise<SourceRow[]> {
  const blocks = readLineBlocks(cut(Buffer.from(bytes as string), pieceBytes), fail);
  const batches =
    format === 'jsonl' ? readJsonl(blocks, fail) : readCsv(blocks, { inferTypes: format !== 'csv' }, fail);
  const rows: SourceRow[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
}

export async function readRows(format: Format, bytes: Uint8Array | string, pieceBytes?: number): Promise<JsonObject[]> {
  return (await readPieces(format, bytes, pieceBytes)).map(({ row }) => row);
}

async function* cut(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += pieceBytes) yield bytes.subarray(start, start + pieceBytes);
}
