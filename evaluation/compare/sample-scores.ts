import { countsInMetrics } from '../metrics/compute-metrics.ts';
import { listFields } from '../metrics/list-fields.ts';
import type { CompleteScorer } from '../plan.ts';
import type { ScoredSample, ScoreValue } from '../score.ts';

export type NamedValues = Readonly<Record<string, ScoreValue>>;

/** What is held of a task result's samples while it is compared: ids and score values, nothing else. */
export interface SampleScores {
  readonly ids: readonly string[];
  /** Scorer key → values per sample; undefined where the scorer failed. */
  readonly values: ReadonlyMap<string, readonly (NamedValues | undefined)[]>;
  /** Scorer key → names whose value is true or false (or 1 or 0) in every trial of every sample. */
  readonly verdicts: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether a sample counts in metrics: it has no error but of scorers, and no rule excludes it. */
  readonly counts: readonly boolean[];
  /** Samples that an action rule excludes. */
  readonly excluded: number;
  /** Sample id → what went wrong, one text per kind of error. */
  readonly errors: ReadonlyMap<string, readonly string[]>;
}

export interface SampleScoresReader {
  add(scored: ScoredSample): void;
  finish(): SampleScores;
}

/** Keeps what comparisons need; texts only where a metric reads them. */
export function createSampleScoresReader(scorers: readonly CompleteScorer[]): SampleScoresReader {
  const readers = scorers.map((scorer) => createScorerReader(scorer));
  const ids: string[] = [];
  const counts: boolean[] = [];
  const errors = new Map<string, readonly string[]>();
  let excluded = 0;
  return {
    add(scored) {
      ids.push(scored.sample_id);
      counts.push(countsInMetrics(scored));
      if (scored.action_records.length > 0) excluded += 1;
      if (scored.errors.length > 0) errors.set(scored.sample_id, describeErrors(scored));
      for (const reader of readers) reader.add(scored);
    },
    finish() {
      return {
        ids,
        values: new Map(readers.map(({ key, values }) => [key, values])),
        verdicts: new Map(readers.map(({ key, findVerdicts }) => [key, findVerdicts()])),
        counts,
        excluded,
        errors,
      };
    },
  };
}

function describeErrors({ errors }: ScoredSample): readonly string[] {
  const texts = errors.map(({ stage, error_type: type, scorer_key: scorer }) =>
    scorer === undefined ? `${stage}: ${type}` : `${stage} (${scorer}): ${type}`,
  );
  return [...new Set(texts)].sort();
}

function createScorerReader({ key, metrics }: CompleteScorer) {
  const fields = new Set(metrics.flatMap(listFields));
  const values: (NamedValues | undefined)[] = [];
  const verdicts = new Set<string>();
  const others = new Set<string>();
  return { key, values, add, findVerdicts };

  function add(scored: ScoredSample): void {
    const score = Object.hasOwn(scored.scores, key) ? scored.scores[key] : undefined;
    values.push(score === undefined ? undefined : keepValues(score.values));
    for (const trial of scored.trials) {
      if (trial.scorer_key !== key || trial.score === null) continue;
      for (const [name, value] of Object.entries(trial.score.values)) {
        if (isVerdict(value)) verdicts.add(name);
        else if (value !== null) others.add(name);
      }
    }
  }

  function findVerdicts(): ReadonlySet<string> {
    return new Set([...verdicts].filter((name) => !others.has(name)));
  }

  function keepValues(all: NamedValues): NamedValues {
    const names = Object.keys(all);
    if (names.every((name) => typeof all[name] !== 'string' || fields.has(name))) return all;
    return Object.fromEntries(
      Object.entries(all).filter(([name, value]) => typeof value !== 'string' || fields.has(name)),
    );
  }
}

function isVerdict(value: ScoreValue): boolean {
  return value === 0 || value === 1 || typeof value === 'boolean';
}
