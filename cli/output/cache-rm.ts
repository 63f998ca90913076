import type { CacheRmDocument, ResultNameDocument } from '../../client/cache/cache-documents.ts';
import { describeFiles, describeRows, joinWords } from './files-text.ts';
import { shortenId } from './format.ts';
import type { MakeCommandLine } from './next-steps.ts';

/** What was taken out, what stays for whom, and what was erased. */
export function renderCacheRm(document: CacheRmDocument, commandLine: MakeCommandLine): string {
  const { dry_run: isDry, removed, stayed, purged } = document;
  const lines = removed.flatMap((result) => [
    `${describeTaking(isDry, result.was_removed)} ${name(result)}.`,
    ...(result.reused_from === null
      ? []
      : [
          `  It repeats ${name(result.reused_from)}, which look-ups still find. Take that out, too: ` +
            commandLine('cache', 'rm', `${shortenId(result.reused_from.run)}/${result.reused_from.task}`),
        ]),
    ...stayed
      .filter((each) => each.removed.task_result === result.task_result)
      .map(
        ({ by, what }) => `  ${what === 'everything' ? 'All of it stays' : 'Its solver outputs stay'} for ${name(by)}.`,
      ),
  ]);
  if (purged === null) {
    if (!isDry) lines.push(`What nothing stands on goes with the next: ${commandLine('cache', 'gc')}`);
    return `${lines.join('\n')}\n`;
  }
  const gone = [...describeRows(purged.rows), describeFiles(purged.blobs, 'blob')].filter((part) => part !== '');
  lines.push(gone.length === 0 ? 'Nothing to erase.' : `${isDry ? 'Would erase' : 'Erased'} ${joinWords(gone)}.`);
  const used = describeFiles(purged.used, 'blob');
  if (used !== '') lines.push(`Stays, since others use it: ${used}.`);
  const busy = describeFiles(purged.busy, 'blob');
  if (busy !== '') {
    lines.push(
      `Stays, since an open run may be about to use it: ${busy}. Erase it later: ${commandLine('cache', 'gc')}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function describeTaking(isDry: boolean, wasRemoved: boolean): string {
  if (wasRemoved) return 'Had been taken out before:';
  return isDry ? 'Would take out' : 'Took out';
}

function name({ run, task }: ResultNameDocument): string {
  return `${task} of run ${shortenId(run)}`;
}
