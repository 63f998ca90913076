import type { CacheVerifyDocument, DamagedPieceDocument } from '../../client/cache/cache-documents.ts';
import { formatPlural, formatSize, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import { cleanText } from './text.ts';

/** What was read and what of it is lost or damaged, with whom it concerns and what will happen. */
export function renderCacheVerify(document: CacheVerifyDocument, { style }: HumanOutput): string {
  const { database, verified, damaged } = document;
  const lines = database.sound
    ? [`${style.good('ok')}${style.isPlain ? ': ' : '    '}${soundNotes[database.checked]}`]
    : [
        `${style.bad('FAIL')}${style.isPlain ? ': ' : '  '}The database is damaged; ${remedies[database.checked]}.`,
        ...database.problems.map((problem) => `      ${cleanText(problem)}`),
      ];
  const read = `${formatPlural(verified.count, 'stored piece')} (${formatSize(verified.size_bytes)})`;
  lines.push(
    `${style.good('ok')}${style.isPlain ? ': ' : '    '}${read} ${verified.count === 1 ? 'is' : 'are'} what the records say.`,
  );
  if (damaged.length > 0)
    lines.push(
      `${style.bad('FAIL')}${style.isPlain ? ': ' : '  '}${formatPlural(damaged.length, 'piece')} lost or damaged:`,
    );
  return `${[...lines, ...damaged.flatMap(describePiece)].join('\n')}\n`;
}

const remedies: Readonly<Record<CacheVerifyDocument['database']['checked'], string>> = {
  pages: 'put the store directory aside and start with a new one',
  reports: 'restore it from a backup',
  nothing: 'restore it from a backup',
};

const soundNotes: Readonly<Record<CacheVerifyDocument['database']['checked'], string>> = {
  pages: 'The database is sound.',
  reports: 'The server has met no damaged page of the database.',
  nothing: 'The records of the database can be read; its server keeps no checksums of pages.',
};

const pieceNames: Readonly<Record<DamagedPieceDocument['piece'], string>> = {
  plan: 'plan',
  'row-manifest': 'list of rows',
  rows: 'rows',
  recording: 'recording',
  module: 'module',
  'solver-outputs': 'solver outputs',
  scores: 'scores',
  manifest: 'manifest',
  metrics: 'metrics',
};

const concernsShown = 5;

function describePiece({ digest, piece, problem, consequence, concerns }: DamagedPieceDocument): readonly string[] {
  const named = concerns
    .slice(0, concernsShown)
    .map(({ run, task }) => (task === null ? `run ${shortenId(run)}` : `${task} of run ${shortenId(run)}`));
  const more = concerns.length - named.length;
  const whose = [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  const matters = concerns.some(({ task, reusable }) => task === null || reusable !== null);
  const then = matters ? consequence : 'No look-up takes anything of it in any case.';
  return [`      ${pieceNames[piece]} ${problem}: ${whose}. ${then}`, `        ${digest}`];
}
