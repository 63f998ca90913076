import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import {
  type AccountedModel,
  type MeasuredTrial,
  measureTrial,
  toAccountedModel,
} from '../evaluation/usage/measure-usage.ts';
import { addUsage, makeUsageEntry, noAmount, type Purpose, type Usage } from '../evaluation/usage/usage.ts';
import type { JournalAnswer, Stage } from '../storage/journal.ts';

/** Queries that left without coming to anything that is recorded. */
export interface LostQueries {
  readonly queries: number;
  readonly retries: number;
}

/** A trial of either stage, as far as its queries go. */
interface MeteredTrial extends MeasuredTrial {
  readonly scorer_key?: string;
}

/** Says what the queries of one segment came to, by the prices of the plan. */
export interface SegmentMeter {
  measure(trials: readonly MeteredTrial[]): Usage;
  measureAnswers(answers: readonly JournalAnswer[]): Usage;
  /** Notes sends of a query that was abandoned, or met an outage. */
  readonly lose: (scorerKey: string, lost: LostQueries) => void;
  /** What was noted since it was last taken. */
  takeLost(): Usage;
}

const nothingFailed = { sent: 0, retried: 0 };

export function createSegmentMeter(plan: Plan, task: PlannedTaskSpecification, stage: Stage): SegmentMeter {
  const purpose: Purpose = stage === 'solve' ? 'solver' : 'judge';
  const models = new Map<string, AccountedModel | undefined>();
  let lost: Usage = [];

  return {
    measure: (trials) =>
      addUsage(trials.flatMap((trial) => measureOf(trial.scorer_key, (model) => measureTrial(trial, model, purpose)))),
    measureAnswers: (answers) =>
      addUsage(
        answers.flatMap(({ scorerKey, answer }) => {
          const trial = { queries: [answer], failed_queries: nothingFailed };
          return measureOf(scorerKey, (model) => measureTrial(trial, model, purpose));
        }),
      ),
    lose(scorerKey, { queries, retries }) {
      const entries = measureOf(scorerKey, ({ key, version }) => [
        makeUsageEntry({ model: key, purpose, version }, { sent: { ...noAmount, queries }, retries }),
      ]);
      lost = addUsage(lost, entries);
    },
    takeLost() {
      const taken = lost;
      lost = [];
      return taken;
    },
  };

  /** A stage asks one model per scorer, and solving one at all. */
  function measureOf(scorerKey: string | undefined, measure: (model: AccountedModel) => Usage): Usage {
    const model = findModel(stage === 'solve' ? '' : (scorerKey ?? ''));
    return model === undefined ? [] : measure(model);
  }

  function findModel(scorerKey: string): AccountedModel | undefined {
    if (!models.has(scorerKey)) {
      const planned = plan.models[findModelKey(task, scorerKey) ?? ''];
      models.set(scorerKey, planned && toAccountedModel(planned));
    }
    return models.get(scorerKey);
  }
}

/** The models of a task that may have been asked for what stands in it. */
export function listAccountedModels(
  plan: Plan,
  task: PlannedTaskSpecification,
): Readonly<Record<Purpose, readonly AccountedModel[]>> {
  const find = (keys: readonly (string | undefined)[]): AccountedModel[] =>
    keys.flatMap((key) => {
      const planned = plan.models[key ?? ''];
      return planned === undefined ? [] : [toAccountedModel(planned)];
    });
  return {
    solver: find([task.model_key]),
    judge: find(task.definition.scorers.map(({ key }) => findModelKey(task, key))),
  };
}

/** `scorerKey`: empty for the evaluated model. */
function findModelKey(task: PlannedTaskSpecification, scorerKey: string): string | undefined {
  if (scorerKey === '') return task.model_key;
  const scorer = task.definition.scorers.find(({ key }) => key === scorerKey);
  return scorer !== undefined && 'model_key' in scorer ? scorer.model_key : undefined;
}
