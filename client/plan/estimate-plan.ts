import type { Plan, PlannedModel } from '../../evaluation/plan.ts';
import { type Cost, formatCostMicros, parseCostMicros, type TokenCounts } from '../../evaluation/usage/cost.ts';
import {
  estimateCost,
  estimateTokens,
  findRate,
  type QueryRate,
  type UsageSample,
} from '../../evaluation/usage/estimate-usage.ts';
import { type AccountedModel, toAccountedModel } from '../../evaluation/usage/measure-usage.ts';
import { decodeUsage } from '../../evaluation/usage/stored-usage.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import type { ExpectedEntry } from './expected-queries.ts';
import type { PlannedAmountDocument, PlannedTotalsDocument, PlannedUsageDocument } from './plan-usage-document.ts';

type EarlierSample = UsageSample<Pick<TaskResultRecord, 'runId' | 'taskResultId' | 'taskKey'>>;

/**
 * What the queries of each task take, from what those of earlier results took: of the task itself, the nearest first, else
 * of other tasks of the plan.
 *
 * @param earlier - For each task the results to estimate from, the nearest first.
 */
export function estimatePlan(
  plan: Plan,
  expected: readonly (readonly ExpectedEntry[])[],
  earlier: readonly (readonly TaskResultRecord[])[],
): readonly (readonly PlannedUsageDocument[])[] {
  const samples = new Map<string, EarlierSample>();
  const toSample = (record: TaskResultRecord): EarlierSample => {
    const known = samples.get(record.taskResultId);
    if (known !== undefined) return known;
    const sample = { source: record, usage: decodeUsage(record.usage) };
    samples.set(record.taskResultId, sample);
    return sample;
  };
  const own = earlier.map((records) => records.map(toSample));
  const all = [...samples.values()];
  const accounted = new Map<string, AccountedModel>();
  const fromOthers = new Map<string, QueryRate<EarlierSample['source']> | undefined>();
  return expected.map((entries, index) =>
    entries.map((entry) => {
      const model = findModel(accounted, plan.models, entry.model);
      let rate = findRate(own[index] ?? [], model, entry.purpose);
      if (rate === undefined) {
        const name = `${entry.purpose} ${entry.model}`;
        if (!fromOthers.has(name)) fromOthers.set(name, findRate(all, model, entry.purpose));
        rate = fromOthers.get(name);
      }
      return estimateEntry(entry, model, rate);
    }),
  );
}

function findModel(
  known: Map<string, AccountedModel>,
  models: Readonly<Record<string, PlannedModel>>,
  key: string,
): AccountedModel {
  const planned = models[key];
  const model = known.get(key) ?? (planned === undefined ? undefined : toAccountedModel(planned));
  if (model === undefined) return { key, version: '', price: undefined };
  known.set(key, model);
  return model;
}

function estimateEntry(
  { model: key, purpose, sent, stood, saved }: ExpectedEntry,
  model: AccountedModel,
  rate: QueryRate<EarlierSample['source']> | undefined,
): PlannedUsageDocument {
  const estimate = (queries: number): PlannedAmountDocument => {
    if (rate === undefined && queries > 0) return makeUnknown(queries);
    const tokens = rate === undefined ? noTokens : estimateTokens(queries, rate);
    return makeAmount(queries, tokens, queries === 0 ? 0n : estimateCost(tokens, model));
  };
  return {
    model: key,
    purpose,
    sent: estimate(sent),
    stood: estimate(stood),
    saved: estimate(saved),
    basis:
      rate === undefined
        ? null
        : {
            run: rate.source.runId,
            task_result: rate.source.taskResultId,
            task_key: rate.source.taskKey,
            queries: rate.queries,
          },
    no_estimate: explainLack(key, purpose, rate, model),
  };
}

function explainLack(
  key: string,
  purpose: string,
  rate: QueryRate<unknown> | undefined,
  { price }: AccountedModel,
): string | null {
  if (rate === undefined) {
    return `No earlier result says how many tokens a query to ${key} takes as ${purpose}.`;
  }
  return price === undefined ? `Model ${key} has no price.` : null;
}

const noTokens: TokenCounts = { promptTokens: 0, completionTokens: 0, cachedPromptTokens: 0 };

function makeAmount(queries: number, tokens: TokenCounts, cost: Cost | null): PlannedAmountDocument {
  return {
    queries,
    prompt_tokens: tokens.promptTokens,
    completion_tokens: tokens.completionTokens,
    cached_prompt_tokens: tokens.cachedPromptTokens,
    cost_micros: cost === null ? null : formatCostMicros(cost),
  };
}

function makeUnknown(queries: number): PlannedAmountDocument {
  return { queries, prompt_tokens: null, completion_tokens: null, cached_prompt_tokens: null, cost_micros: null };
}

/** What all entries come to, as far as it is known. */
export function sumPlanned(amounts: readonly PlannedAmountDocument[]): PlannedTotalsDocument {
  const sum = (read: (amount: PlannedAmountDocument) => number | null) =>
    amounts.reduce((total, amount) => total + (read(amount) ?? 0), 0);
  return {
    queries: sum((amount) => amount.queries),
    prompt_tokens: sum((amount) => amount.prompt_tokens),
    completion_tokens: sum((amount) => amount.completion_tokens),
    cached_prompt_tokens: sum((amount) => amount.cached_prompt_tokens),
    cost_micros: formatCostMicros(
      amounts.reduce((total, { cost_micros: cost }) => total + (cost === null ? 0n : parseCostMicros(cost)), 0n),
    ),
    has_all_tokens: amounts.every(({ prompt_tokens: tokens }) => tokens !== null),
    has_all_costs: amounts.every(({ cost_micros: cost }) => cost !== null),
  };
}

/** The entries of all tasks by model and purpose, as a table shows them; each with the bases that were used. */
export function mergePlanned(entries: readonly PlannedUsageDocument[]): readonly (Pick<
  PlannedUsageDocument,
  'model' | 'purpose' | 'no_estimate'
> & {
  readonly sent: PlannedTotalsDocument;
  readonly stood: PlannedTotalsDocument;
  readonly saved: PlannedTotalsDocument;
})[] {
  const groups = new Map<string, PlannedUsageDocument[]>();
  for (const entry of entries) {
    const name = `${entry.purpose} ${entry.model}`;
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [
      {
        model: first.model,
        purpose: first.purpose,
        sent: sumPlanned(group.map(({ sent }) => sent)),
        stood: sumPlanned(group.map(({ stood }) => stood)),
        saved: sumPlanned(group.map(({ saved }) => saved)),
        no_estimate: group.find(({ no_estimate: lack }) => lack !== null)?.no_estimate ?? null,
      },
    ];
  });
}
