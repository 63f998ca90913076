import type { CacheListDocument, StoredResultDocument } from '../../client/cache/cache-documents.ts';
import { formatAge, formatCount, formatPlural, formatSize, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';
import { cleanLine } from './text.ts';

/** Stored results, by task specification, with totals. */
export function renderCacheList({ results, totals }: CacheListDocument, output: HumanOutput, nowMs: number): string {
  const { blobs, database_size_bytes: databaseSizeBytes } = totals.store;
  const store = `The store: ${formatPlural(blobs.count, 'blob')}, ${formatSize(blobs.size_bytes)}, and a database of ${formatSize(databaseSizeBytes)}.\n`;
  if (results.length === 0) return `No stored results.\n${store}`;
  const table = renderTable(
    [
      { title: 'task' },
      { title: 'run' },
      { title: 'solved' },
      { title: 'by' },
      { title: 'samples', align: 'right' },
      { title: 'errors', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'stand on it', align: 'right' },
      { title: 'reusable' },
    ],
    results.map((result) => [
      result.task,
      shortenId(result.run),
      result.solved_at === null ? '–' : formatAge(result.solved_at, nowMs),
      cleanLine(result.solved_by ?? '–'),
      formatCount(result.samples.total),
      formatCount(result.samples.errors),
      formatSize(result.size_bytes),
      formatCount(result.standing),
      describeReusable(result, output.style),
    ]),
    output,
  );
  const summary = `${formatPlural(results.length, 'result')}, ${formatCount(totals.reusable)} of them reusable in full; ${formatSize(totals.size_bytes)}, shared pieces counted once.\n`;
  return `${table}${summary}${store}`;
}

function describeReusable({ reusable, because }: StoredResultDocument, style: Style): string {
  const reason = because === null ? '' : `: ${because}`;
  switch (reusable) {
    case 'full':
      return style.good('yes');
    case 'solver-outputs':
      return style.attention(`solver outputs${reason}`);
    case 'none':
      return style.faint(`no${reason}`);
  }
}
