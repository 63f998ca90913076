import type { ScoredSample, ScoreValue } from '../../evaluation/score.ts';
import type { ScoreChange } from './try-documents.ts';

/**
 * Every value of a trial that is not what it was, in the order of the present scorers, those that are gone last. Of trials
 * rather than of the sample, whose score over several trials keeps no text.
 */
export function compareScores(before: ScoredSample | null, after: ScoredSample | null): readonly ScoreChange[] {
  const old = listValues(before);
  const fresh = listValues(after);
  return [...new Set([...fresh.keys(), ...old.keys()])].flatMap((id) => {
    const one = old.get(id);
    const other = fresh.get(id);
    const { scorer_key, name, trial } = (other ?? one) as Named;
    const [was, is] = [one?.value ?? null, other?.value ?? null];
    return was === is ? [] : [{ scorer_key, name, trial, before: was, after: is }];
  });
}

interface Named extends Omit<ScoreChange, 'before' | 'after'> {
  readonly value: ScoreValue;
}

function listValues(scored: ScoredSample | null): ReadonlyMap<string, Named> {
  const named = (scored?.trials ?? []).flatMap(({ trial, scorer_key, score }) =>
    Object.entries(score?.values ?? {}).map(([name, value]) => ({ scorer_key, name, trial, value })),
  );
  return new Map(named.map((one) => [JSON.stringify([one.trial, one.scorer_key, one.name]), one]));
}
