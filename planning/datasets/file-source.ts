import { extname } from 'node:path';
import type { Digest } from '../../contracts/digest.ts';
import type { DataFile } from './data-file.ts';
import { readLineBlocks } from './line-blocks.ts';
import type { PositionSet } from './position-set.ts';
import { readCsv } from './read-csv.ts';
import { readJsonl } from './read-jsonl.ts';
import type { FailRow } from './row-error.ts';
import type { RowSource } from './row-source.ts';

/** How the bytes of a file become rows; with the bytes themselves it decides what the rows are. */
export type ReaderOptions = { readonly format: 'jsonl' } | { readonly format: 'csv'; readonly inferTypes: boolean };

/** By the file name, which the schema has checked. */
export function getReaderOptions(source: { readonly file_path: string; readonly infer_types: boolean }): ReaderOptions {
  if (extname(source.file_path).toLowerCase() === '.jsonl') return { format: 'jsonl' };
  return { format: 'csv', inferTypes: source.infer_types };
}

/** Rows of a file whose content has been digested; every reading makes sure that it still is the same. */
export function createFileSource(file: DataFile, rawDigest: Digest, options: ReaderOptions, fail: FailRow): RowSource {
  const makeChangedError = (): Error =>
    fail({}, 'the file changed while it was read.', 'Start again once nothing writes to it any more.');
  return {
    file: file.path,
    readBatches(wanted?: PositionSet) {
      const blocks = readLineBlocks(file.readChunks(rawDigest, makeChangedError), fail);
      return options.format === 'csv' ? readCsv(blocks, options, fail, wanted) : readJsonl(blocks, fail, wanted);
    },
  };
}
