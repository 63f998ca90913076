import {
  createSampleScoresReader,
  type NamedValues,
  type SampleScores,
} from '../../../evaluation/compare/sample-scores.ts';
import type { CompleteScorer } from '../../../evaluation/plan.ts';

/** Samples that one scorer, `judge`, has judged once; ids count from 0 unless they are given. */
export function makeScores(
  rows: readonly NamedValues[],
  { prefix = 's', ids }: { readonly prefix?: string; readonly ids?: readonly string[] } = {},
): SampleScores {
  const judge = { key: 'judge', metrics: [{ type: 'frequency', key: 'm', field: 'label' }] };
  const reader = createSampleScoresReader([judge as unknown as CompleteScorer]);
  for (const [index, values] of rows.entries()) {
    const score = { values, metadata: {} };
    reader.add({
      sample_index: index,
      sample_id: ids?.[index] ?? `${prefix}${String(index).padStart(6, '0')}`,
      attempt: 1,
      trials: [{ trial: 0, scorer_key: 'judge', score, queries: [], failed_queries: { sent: 0, retried: 0 } }],
      scores: { judge: score },
      action_records: [],
      errors: [],
    });
  }
  return reader.finish();
}
