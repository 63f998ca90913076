import { describeLimitExcess } from '../evaluation/limits/describe-limits.ts';
import { pickSpendingLimits } from '../evaluation/limits/spending-limits.ts';
import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import type { Explanation } from '../evaluation/reuse/explain-miss.ts';
import { parseCostMicros } from '../evaluation/usage/cost.ts';
import type { AnswerLookUp } from '../planning/answers/answer-look-up.ts';
import { type ExpectedOutputs, expectQueries } from '../planning/answers/expect-queries.ts';
import { openAnswers } from '../planning/answers/open-answers.ts';
import type { BuiltPlan } from '../planning/build-plan.ts';
import { type EarlierResult, explainFindings } from '../planning/explain-findings.ts';
import { type Finding, lookUp } from '../planning/look-up.ts';
import { isBlobLost } from '../storage/is-blob-lost.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { ProcessRecord, RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { sumCounts } from './make-run-document.ts';
import { estimatePlan, sumPlanned } from './plan/estimate-plan.ts';
import { type ExpectedEntry, expectEntries, type Standing, withStoodAnswers } from './plan/expected-queries.ts';
import { findHolders, type Holder } from './plan/find-holders.ts';
import type { PlannedUsageDocument } from './plan/plan-usage-document.ts';
import { makeHolderDocument, makeSourceDocument } from './plan/source-documents.ts';
import type { PlanDocument, PlanTaskDocument } from './run-document.ts';

export interface PlanDocumentOptions {
  /**
   * Counts, where `reuse.answers` is on, which single answers stand. The rows of the plan have to be in the store, and what
   * is found out about results goes there: for a plan alone that is a scratch store.
   */
  readonly countsAnswers?: boolean;
  /**
   * Looks for open runs that compute the same, and counts as a run would that meets them. Left out where the plan is that
   * of an open run itself.
   */
  readonly isAlive?: (process: ProcessRecord) => boolean;
}

/** What a run of this plan would find and send now; changes nothing. Without a store nothing is found. */
export async function makePlanDocument(
  { plan, planDigest, warnings }: BuiltPlan,
  store: Store | undefined,
  nowMs: number,
  { isAlive, countsAnswers = false }: PlanDocumentOptions = {},
): Promise<PlanDocument> {
  const found = store === undefined ? findNothing(plan) : await findInStore(store, plan, nowMs, isAlive);
  const places = findPlaces(plan);
  const answers =
    countsAnswers && store !== undefined
      ? await openAnswers(store, plan, { runId: undefined, now: () => nowMs })
      : undefined;
  const outlooks: (Outlook & { readonly expected: readonly ExpectedEntry[] })[] = [];
  for (const [index, task] of plan.tasks.entries()) {
    const outlook = { task, place: places[index] ?? firstPlace, ...found.at(index) };
    const expected =
      answers === undefined || store === undefined
        ? expectFor(outlook)
        : await expectWithAnswers(outlook, { store, plan, answers });
    outlooks.push({ ...outlook, expected });
  }
  const usage = estimatePlan(
    plan,
    outlooks.map(({ expected }) => expected),
    outlooks.map(({ earlier }) => earlier),
  );
  const tasks = outlooks.map((outlook, index) => makeTask(outlook, found.runs, usage[index] ?? []));
  const sent = sumPlanned(usage.flat().map((entry) => entry.sent));
  return {
    evaluation: plan.evaluation.key,
    cache_policy: plan.cache_policy,
    plan_digest: planDigest,
    model_queries: sumCounts(tasks.map((task) => task.model_queries)),
    answers_stood: tasks.reduce((total, task) => total + (task.answers_stood ?? 0), 0),
    expected: {
      sent,
      stood: sumPlanned(usage.flat().map((entry) => entry.stood)),
      saved: sumPlanned(usage.flat().map((entry) => entry.saved)),
    },
    tasks,
    warnings: [...warnings, ...warnOfLimits(plan, sent)],
  };
}

/** What the store has for one task. */
interface Found {
  readonly finding: Finding | undefined;
  readonly explanation: Explanation<EarlierResult> | undefined;
  readonly holder: Holder | undefined;
  /** Results to estimate from, the nearest first. */
  readonly earlier: readonly TaskResultRecord[];
}

interface FoundInStore {
  at(index: number): Found;
  /** The runs of all results that are named. */
  readonly runs: ReadonlyMap<string, RunRecord>;
}

function findNothing(plan: Plan): FoundInStore {
  const finding: Finding = { decision: { verdict: 'none', rejections: [] }, warnings: [] };
  const nothing = { finding, explanation: undefined, holder: undefined, earlier: [] };
  return { at: () => (plan.tasks.length === 0 ? { ...nothing, finding: undefined } : nothing), runs: new Map() };
}

/** A fixed number of queries for any number of tasks, but for open runs and what is damaged. */
async function findInStore(
  store: Store,
  plan: Plan,
  nowMs: number,
  isAlive: PlanDocumentOptions['isAlive'],
): Promise<FoundInStore> {
  const lookups = plan.tasks.map((task) => ({ solverKey: task.solver_key, resultKey: task.result_key }));
  const findings = await lookUp(store, plan, plan.cache_policy, lookups, nowMs);
  const [explanations, holders] = await Promise.all([
    explainFindings(
      store.results,
      plan,
      plan.tasks.flatMap((task, index) => {
        const finding = findings[index];
        return finding === undefined ? [] : [{ task, finding }];
      }),
    ),
    isAlive === undefined ? [] : findHolders(store, plan, findings, isAlive),
  ]);
  const sources = findings.map(({ decision }) => (decision.verdict === 'none' ? undefined : decision.source));
  const records = new Map(sources.flatMap((source) => (source === undefined ? [] : [[source.taskResultId, source]])));
  const nearestIds = explanations.map(({ nearest }) => nearest.map(({ taskResultId }) => taskResultId));
  const missing = [...new Set(nearestIds.flat())].filter((id) => !records.has(id));
  if (missing.length > 0) {
    for (const record of await store.results.findTaskResults(missing)) records.set(record.taskResultId, record);
  }
  const runIds = new Set([
    ...[...records.values()].map(({ runId }) => runId),
    ...explanations.flatMap(({ comparedWith }) => (comparedWith === undefined ? [] : [comparedWith.runId])),
  ]);
  const runs = runIds.size === 0 ? [] : await store.runs.findRuns([...runIds]);
  return {
    at(index) {
      const source = sources[index];
      const nearest = (nearestIds[index] ?? []).flatMap((id) => records.get(id) ?? []);
      return {
        finding: findings[index],
        explanation: explanations[index],
        holder: holders[index],
        earlier: source === undefined ? nearest : [source, ...nearest],
      };
    },
    runs: new Map(runs.map((run) => [run.runId, run])),
  };
}

/** Under `reuse` a task stands on what an earlier one of its plan is about to compute, whole or in its solver outputs. */
type Place =
  | { readonly kind: 'first' }
  /** `of` is the key of the earlier one. */
  | { readonly kind: 'twin' | 'sibling'; readonly of: string };

const firstPlace: Place = { kind: 'first' };

function findPlaces(plan: Plan): readonly Place[] {
  if (plan.cache_policy !== 'reuse') return plan.tasks.map(() => firstPlace);
  const byResult = new Map<string, string>();
  const bySolver = new Map<string, string>();
  return plan.tasks.map(({ key, solver_key: solverKey, result_key: resultKey }) => {
    const [twin, sibling] = [byResult.get(resultKey), bySolver.get(solverKey)];
    if (twin === undefined) byResult.set(resultKey, key);
    if (sibling === undefined) bySolver.set(solverKey, key);
    if (twin !== undefined) return { kind: 'twin', of: twin };
    return sibling === undefined ? firstPlace : { kind: 'sibling', of: sibling };
  });
}

interface Outlook extends Found {
  readonly task: PlannedTaskSpecification;
  readonly place: Place;
}

function findVerdict({ finding }: Found): PlanTaskDocument['reuse'] {
  return finding?.decision.verdict ?? 'none';
}

/** What of a task stands for a run, after waiting for whoever is at work on the same. */
function findStanding(outlook: Outlook): Standing {
  const { place, holder } = outlook;
  const verdict = findVerdict(outlook);
  const holds = (stands: Holder['stands']) => holder?.hasOwner === true && holder.stands === stands;
  if (verdict === 'full' || place.kind === 'twin' || holds('all')) return 'all';
  return verdict === 'partial' || place.kind === 'sibling' || holds('outputs') ? 'outputs' : 'nothing';
}

/** What the run would send for a task. */
function expectFor(outlook: Outlook): readonly ExpectedEntry[] {
  const { task, holder, finding } = outlook;
  const standing = findStanding(outlook);
  // Nobody is at work on it: the run takes it up and does the rest.
  if (holder !== undefined && !holder.hasOwner) {
    const { solve, score } = holder.done;
    return expectEntries(task, standing, { done: { solve, score: holder.stands === 'all' ? score : 0 } });
  }
  const failed = finding?.decision.verdict === 'partial' ? finding.decision.source.samples.solverErrors : 0;
  return expectEntries(task, standing, { failed });
}

/** The same where single answers may stand: as a run would find them. */
async function expectWithAnswers(
  outlook: Outlook,
  dependencies: { readonly store: Store; readonly plan: Plan; readonly answers: AnswerLookUp },
): Promise<readonly ExpectedEntry[]> {
  const { task, holder, finding } = outlook;
  const entries = expectFor(outlook);
  const standing = findStanding(outlook);
  if (standing === 'all' || holder?.hasOwner === false) return entries;
  const decision = finding?.decision;
  const outputs: ExpectedOutputs =
    decision?.verdict === 'partial'
      ? { from: 'result', taskResultId: decision.source.taskResultId }
      : { from: standing === 'nothing' ? 'solver' : 'others' };
  try {
    return withStoodAnswers(entries, await expectQueries({ ...dependencies, task, outputs }));
  } catch (error) {
    if (isBlobLost(error)) return entries; // what is damaged is found out, and asked again, by the run
    throw error;
  }
}

function makeTask(
  outlook: Outlook & { readonly expected: readonly ExpectedEntry[] },
  runs: FoundInStore['runs'],
  usage: readonly PlannedUsageDocument[],
): PlanTaskDocument {
  const { task, place, finding, explanation, holder, expected } = outlook;
  const decision = finding?.decision ?? { verdict: 'none' as const, rejections: [] };
  const source: TaskResultRecord | undefined = decision.verdict === 'none' ? undefined : decision.source;
  const at = source === undefined ? null : decision.verdict === 'full' ? source.endedAt : source.solvedAt;
  const nearest = explanation?.comparedWith;
  const sum = (read: (entry: ExpectedEntry) => number) => expected.reduce((total, entry) => total + read(entry), 0);
  return {
    key: task.key,
    task_key: task.task_key,
    model: task.model_key ?? null,
    solver_key: task.solver_key,
    result_key: task.result_key,
    reuse: decision.verdict,
    reused_from: source?.taskResultId ?? null,
    reused_from_run: source?.runId ?? null,
    reused_at: at,
    source: source === undefined ? null : makeSourceDocument(source, runs.get(source.runId), at),
    shares_with: place.kind === 'first' || decision.verdict === 'full' ? null : place.of,
    waits_for: holder === undefined || place.kind === 'twin' ? null : makeHolderDocument(holder),
    samples: { total: task.dataset.count },
    trials: task.run_config.num_trials,
    model_queries: { sent: sum((entry) => entry.sent), retried: 0, saved: sum((entry) => entry.saved) },
    answers_stood: sum((entry) => entry.stood),
    usage,
    why: explanation?.reasons ?? null,
    compared_with: nearest === undefined ? null : makeSourceDocument(nearest, runs.get(nearest.runId), nearest.endedAt),
    warnings: finding?.warnings ?? [],
  };
}

function warnOfLimits(plan: Plan, sent: PlanDocument['expected']['sent']): readonly string[] {
  const limits = pickSpendingLimits(plan.limits);
  if (limits === null) return [];
  return describeLimitExcess(limits, {
    queries: sent.queries,
    cost: sent.has_all_costs ? parseCostMicros(sent.cost_micros) : null,
    tokens: sent.has_all_tokens ? sent.prompt_tokens + sent.completion_tokens : null,
  });
}
