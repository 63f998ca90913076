import type { Plan, PlannedTaskSpecification } from '../../evaluation/plan.ts';
import type { ScoredTrial } from '../../evaluation/score.ts';
import type { SolvedTrial } from '../../evaluation/trace.ts';
import { measureTrial, toAccountedModel } from '../../evaluation/usage/measure-usage.ts';
import { addUsage, type Purpose, type Usage } from '../../evaluation/usage/usage.ts';
import { makeUsageDocuments, makeUsageTotals } from '../../evaluation/usage/usage-document.ts';
import type { TryUsage } from './try-documents.ts';

/** What the trials that were run came to, in the accounts that runs have. */
export function measureTry(
  { models }: Plan,
  { model_key, definition }: PlannedTaskSpecification,
  trials: { readonly solved: readonly SolvedTrial[]; readonly scored: readonly ScoredTrial[] },
): TryUsage {
  const measure = (trial: SolvedTrial | ScoredTrial, key: string | undefined, purpose: Purpose): Usage => {
    const model = key === undefined ? undefined : models[key];
    return model === undefined ? [] : measureTrial(trial, toAccountedModel(model), purpose);
  };
  const judges = new Map(
    definition.scorers.map((scorer) => [scorer.key, 'model_key' in scorer ? scorer.model_key : undefined]),
  );
  const usage = addUsage(
    ...trials.solved.map((trial) => measure(trial, model_key, 'solver')),
    ...trials.scored.map((trial) => measure(trial, judges.get(trial.scorer_key), 'judge')),
  );
  return { usage: makeUsageDocuments(usage), ...makeUsageTotals(usage) };
}
