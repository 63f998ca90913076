import type { RekeyReport } from '../../embedded/rekey-store.ts';
import { formatSize } from './format.ts';

/** `stet store rekey --json`. */
export function makeRekeyDocument({ was, key, retiredKeys, texts, blobs, unreadable, leftovers }: RekeyReport) {
  return {
    was,
    key,
    retired_keys: retiredKeys,
    sealed: { texts, blobs: blobs.count, blob_bytes: blobs.sizeBytes },
    unreadable,
    removed_leftovers: leftovers,
  };
}

/** What was sealed and which keys can go, in a few lines. */
export function renderRekey(report: RekeyReport): string {
  const { was, key, retiredKeys, texts, blobs, unreadable, leftovers } = report;
  const isNew = was !== 'encrypted';
  const lines = [
    !isNew && texts + blobs.count === 0
      ? `Everything is sealed with key "${key}" already.`
      : `${isNew ? 'Encrypted' : 'Rekeyed'}: ${count(texts, 'text')} and ${count(blobs.count, 'blob')} (${formatSize(blobs.sizeBytes)}) are sealed with key "${key}" now.`,
    ...(retiredKeys.length === 0 ? [] : [`Not needed any more: ${retiredKeys.map((id) => `"${id}"`).join(', ')}.`]),
    ...(leftovers === 0 ? [] : [`Removed ${count(leftovers, 'leftover file')} that could hold plain text.`]),
    ...(unreadable === 0
      ? []
      : [`${count(unreadable, 'piece')} could not be read: damaged before, and computed again when wanted.`]),
  ];
  return `${lines.join('\n')}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
