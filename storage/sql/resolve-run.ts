import { closest } from 'fastest-levenshtein';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { build } from './build.ts';
import type { RunRow } from './tables.ts';
import { all, find, type Work } from './work.ts';

const latestPattern = /^latest(?:~(\d{1,9}))?$/;
/** Runs that a suggestion is looked for among. */
const maxSuggestions = 1_000;
const maxNamedCandidates = 10;

/**
 * The run that a reference means: its id, `latest` or `latest~N`, a prefix that only one id has, or a label, of which
 * the newest run counts. A reference that is both a prefix and the label of another run is ambiguous: `resume` and
 * `cancel` must not guess.
 */
export function* resolveRun(reference: string): Work<RunRow> {
  const runs = build.selectFrom('runs').selectAll();
  const exact = yield* find(runs.where('run_id', '=', reference));
  if (exact !== undefined) return exact;

  const latest = latestPattern.exec(reference);
  if (latest !== null) {
    const back = Number(latest[1] ?? 0);
    const row = yield* find(runs.orderBy('sequence', 'desc').limit(1).offset(back));
    if (row !== undefined) return row;
    throw yield* makeNotFound(reference);
  }

  const candidates = new Map<string, RunRow>();
  if (reference !== '') {
    const prefixed = runs.where('run_id', '>=', reference).where('run_id', '<', `${reference}\u{10FFFF}`);
    const labelled = runs.where('label', '=', reference).orderBy('sequence', 'desc').limit(1);
    const found = [
      ...(yield* all(prefixed.orderBy('run_id').limit(maxNamedCandidates + 1))),
      ...(yield* all(labelled)),
    ];
    for (const row of found) candidates.set(row.run_id, row);
  }
  const [only, ...others] = candidates.values();
  if (only === undefined) throw yield* makeNotFound(reference);
  if (others.length === 0) return only;
  const ids = [only, ...others].map(describe);
  const named = ids.slice(0, maxNamedCandidates).join(', ');
  throw new EvaluationError(
    'run-ambiguous',
    `"${reference}" may mean several runs: ${named}${ids.length > maxNamedCandidates ? ', …' : ''}.`,
    { hint: 'Write more of the id.' },
  );
}

function* makeNotFound(reference: string): Work<EvaluationError> {
  const newest = yield* all(
    build.selectFrom('runs').select(['run_id', 'label']).orderBy('sequence', 'desc').limit(maxSuggestions),
  );
  if (newest.length === 0) {
    return new EvaluationError('run-not-found', `No run "${reference}".`, { hint: 'The store has no runs yet.' });
  }
  if (latestPattern.test(reference)) {
    const furthest = newest.length === 1 ? 'latest' : `latest~${newest.length - 1}`;
    return new EvaluationError('run-not-found', `No run "${reference}".`, {
      hint: `The earliest run is "${furthest}".`,
    });
  }
  const names = newest.flatMap((row) => (row.label === null ? [row.run_id] : [row.label, row.run_id]));
  const nearest = closest(reference, ['latest', ...names]);
  return new EvaluationError('run-not-found', `No run "${reference}".`, { hint: `Did you mean "${nearest}"?` });
}

function describe(row: RunRow): string {
  return row.label === null ? row.run_id : `${row.run_id} (${row.label})`;
}
