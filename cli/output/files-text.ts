import type { FilesDocument, RemovedRowsDocument } from '../../client/cache/cache-documents.ts';
import { formatCount, formatPlural, formatSize } from './format.ts';

/** `3 blobs (12.0 kB)`; empty for none. */
export function describeFiles({ count, size_bytes: sizeBytes }: FilesDocument, singular: string): string {
  return count === 0 ? '' : `${formatPlural(count, singular)} (${formatSize(sizeBytes)})`;
}

/** Rows that went, as parts of a list; without those of which there are none. */
export function describeRows(rows: RemovedRowsDocument): readonly string[] {
  return [
    [rows.runs, 'run'],
    [rows.task_results, 'task result'],
    [rows.journal_rows, 'journal row'],
    [rows.fingerprints, 'fingerprint'],
    [rows.selections, 'stored selection of a dataset', 'stored selections of datasets'],
    [rows.processes, 'record of a process that ended', 'records of processes that ended'],
  ].flatMap(([count, singular, plural = `${singular}s`]) =>
    count === 0 ? [] : [`${formatCount(Number(count))} ${count === 1 ? singular : plural}`],
  );
}

/** `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
