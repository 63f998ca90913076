import type { CacheGcDocument } from '../../client/cache/cache-documents.ts';
import { describeFiles, describeRows, joinWords } from './files-text.ts';
import { formatSize } from './format.ts';

/** What a collection freed, in two or three lines. */
export function renderCacheGc(document: CacheGcDocument): string {
  const { dry_run: isDry } = document;
  const files = [
    describeFiles(document.blobs, 'blob'),
    describeFiles(document.temporary_files, 'temporary file'),
    describeFiles(document.damaged_files, 'damaged file'),
  ].filter((part) => part !== '');
  const rows = describeRows(document.rows);
  const lines = [
    ...(rows.length === 0 ? [] : [`${isDry ? 'Would remove' : 'Removed'} ${joinWords(rows)}.`]),
    ...(files.length === 0
      ? []
      : [`${isDry ? 'Would free' : 'Freed'} ${formatSize(document.freed_bytes)}: ${joinWords(files)}.`]),
  ];
  if (lines.length === 0) lines.push('Nothing to remove.');
  const kept = describeFiles(document.kept, 'blob');
  if (kept !== '') lines.push(`${kept} that nothing refers to: written lately, so left to a later gc.`);
  return `${lines.join('\n')}\n`;
}
