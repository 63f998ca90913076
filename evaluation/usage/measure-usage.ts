import type { AnswerEvidence } from '../model-io.ts';
import type { PlannedModel } from '../plan.ts';
import type { RecordedQuery, SolvedTrial } from '../trace.ts';
import { isCutOff, isRefusal } from './classify-answer.ts';
import { computeCost, readPrice, type TokenPrice } from './cost.ts';
import { sketchLatencies } from './latency-sketch.ts';
import { type Amount, addAmounts, addUsage, makeUsageEntry, noAmount, type Purpose, type Usage } from './usage.ts';

/** A model under its key in the run file, as far as accounts go. */
export interface AccountedModel {
  readonly key: string;
  readonly version: string;
  /** Undefined: it has none. */
  readonly price: TokenPrice | undefined;
}

/** A trial of either stage. */
export interface MeasuredTrial extends Pick<SolvedTrial, 'failed_queries'> {
  readonly queries: readonly MeasuredQuery[];
}

type MeasuredQuery = Pick<RecordedQuery, 'evidence' | 'output' | 'origin'>;

export function toAccountedModel({ model, version }: PlannedModel): AccountedModel {
  return { key: model.key, version, price: model.price === undefined ? undefined : readPrice(model.price) };
}

/** What the queries of a trial came to: those with an `origin` stood, all others were sent. */
export function measureTrial(
  { queries, failed_queries }: MeasuredTrial,
  model: AccountedModel,
  purpose: Purpose,
): Usage {
  if (queries.length === 0 && failed_queries.sent === 0) return [];
  let sent = noAmount;
  let stood = noAmount;
  let retries = failed_queries.retried;
  const durationsMs: number[] = [];
  for (const query of queries) {
    const amount = measureQuery(query, model.price);
    if (query.origin !== undefined) stood = addAmounts(stood, amount);
    else {
      sent = addAmounts(sent, amount);
      retries += query.evidence.retries.length;
      durationsMs.push(query.evidence.duration_ms);
    }
  }
  const { key, version } = model;
  const failed = failed_queries.sent === 0 ? sent : { ...sent, queries: sent.queries + failed_queries.sent };
  const latency = sketchLatencies(durationsMs);
  return [makeUsageEntry({ model: key, purpose, version }, { sent: failed, retries, stood, latency })];
}

/** The tokens of one answer and what they cost, as far as its service said; how it ended is not looked at. */
export function measureAnswer({ usage }: Pick<AnswerEvidence, 'usage'>, price: TokenPrice | undefined): Amount {
  const tokens = {
    promptTokens: Math.round(usage?.num_prompt_tokens ?? 0),
    completionTokens: Math.round(usage?.num_completion_tokens ?? 0),
    cachedPromptTokens: Math.round(usage?.num_cached_prompt_tokens ?? 0),
  };
  return {
    queries: 1,
    ...tokens,
    withoutUsage: usage === undefined ? 1 : 0,
    cutOff: 0,
    refused: 0,
    cost: price === undefined ? null : computeCost(tokens, price),
  };
}

/**
 * Usage of another result under the names and by the prices of the present models: keys and prices are no part of what
 * makes a result, versions are.
 */
export function restateUsage(usage: Usage, models: Readonly<Record<Purpose, readonly AccountedModel[]>>): Usage {
  return addUsage(
    usage.map((entry) => {
      const model = models[entry.purpose].find(({ version }) => version === entry.version);
      const price = (amount: Amount): Amount => {
        if (amount.queries === 0) return amount;
        return { ...amount, cost: model?.price === undefined ? null : computeCost(amount, model.price) };
      };
      return {
        ...entry,
        model: model?.key ?? entry.model,
        sent: price(entry.sent),
        stood: price(entry.stood),
        waited: price(entry.waited),
      };
    }),
  );
}

function measureQuery(query: MeasuredQuery, price: TokenPrice | undefined): Amount {
  const amount = measureAnswer(query.evidence, price);
  const [cutOff, refused] = [isCutOff(query), isRefusal(query)];
  return cutOff || refused ? { ...amount, cutOff: Number(cutOff), refused: Number(refused) } : amount;
}
