import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CompleteDefinition, CompleteMetric, CompleteScorer } from './plan.ts';
import { getScorerKind } from './scorers/index.ts';
import type { Metric } from './spec/metrics.ts';
import type { Scorer } from './spec/scorers.ts';
import type { TaskDefinition } from './spec/tasks.ts';

/**
 * Fills in what a definition may leave out: keys of scorers and metrics, and the metrics of scorers that list none. What
 * is written out and what is left out are the same afterwards, and so have the same keys.
 *
 * @throws {EvaluationError} `config-duplicate-key` for two scorers of a task, or two metrics of a scorer, with one key.
 */
export function completeDefinition(definition: TaskDefinition): CompleteDefinition {
  const aggregators = definition.trials?.score_aggregators ?? [];
  return {
    type: definition.type,
    solver: definition.solver,
    scorers: fillKeys(definition.scorers, (type) => type, 'scorers').map(completeScorer),
    actions: definition.actions,
    ...(aggregators.length === 0 ? {} : { score_aggregators: aggregators }),
  };
}

function completeScorer(scorer: Scorer & { readonly key: string }): CompleteScorer {
  const metrics = scorer.metrics ?? listDefaultMetrics(scorer);
  return { ...scorer, metrics: completeMetrics(metrics, `scorers.${scorer.key}.metrics`) };
}

function listDefaultMetrics(scorer: Scorer): readonly Metric[] {
  return scorer.purpose === 'qa' ? [] : getScorerKind(scorer.type).defaultMetrics;
}

function completeMetrics(metrics: readonly Metric[], path: string): CompleteMetric[] {
  return fillKeys(metrics, (type) => type.replaceAll('-', '_'), path);
}

/** An absent key becomes the word for the type, a second one `<word>_2` …; words that others chose are passed over. */
function fillKeys<Item extends { readonly type: string; readonly key?: string | undefined }>(
  items: readonly Item[],
  wordFor: (type: Item['type']) => string,
  path: string,
): (Item & { readonly key: string })[] {
  const taken = new Set<string>();
  for (const { key } of items) {
    if (key === undefined) continue;
    if (taken.has(key)) {
      throw new EvaluationError('config-duplicate-key', `${path}: two entries have the key "${key}".`, {
        hint: 'Give each a key of its own.',
      });
    }
    taken.add(key);
  }
  return items.map((item) => {
    const key = item.key ?? findFree(wordFor(item.type), taken);
    taken.add(key);
    return { ...item, key };
  });
}

function findFree(word: string, taken: ReadonlySet<string>): string {
  let key = word;
  for (let count = 2; taken.has(key); count += 1) key = `${word}_${count}`;
  return key;
}
