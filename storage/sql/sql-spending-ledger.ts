import type { Selectable } from 'kysely';
import {
  findReachedLimit,
  type LimitName,
  nothingSpent,
  type Spending,
  type SpendingLimits,
} from '../../evaluation/limits/spending-limits.ts';
import { formatCostMicros, parseCostMicros } from '../../evaluation/usage/cost.ts';
import { GatheredCommit } from '../gathered-commit.ts';
import type { AnswerCost, RunSpending, SpendingLedger } from '../spending.ts';
import { build } from './build.ts';
import type { Database } from './database.ts';
import { getRunRow, updateRun } from './run-rows.ts';
import type { RunSpending as RunSpendingRow } from './tables.ts';
import { all, execute, find, type Query, type Work } from './work.ts';

/** Between two signs of work; what is longer apart was not worked on in between. */
const longestSilenceMs = 5_000;

type Wish =
  | { readonly kind: 'reserve' }
  | { readonly kind: 'give-back' }
  | { readonly kind: 'add'; readonly cost: AnswerCost }
  | { readonly kind: 'sign' };

interface Entry {
  readonly runId: string;
  readonly wish: Wish;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

interface Outcome extends RunSpending {
  readonly isGranted: boolean;
}

/** Spending in a database: one transaction for everything that has gathered. */
export class SqlSpendingLedger implements SpendingLedger {
  readonly #database: Database;
  readonly #clock: (() => number) | Query<{ now_ms: number }>;
  readonly #gathered = new GatheredCommit<Entry>((entries) => this.#commit(entries));

  /** @param clock - The one of all who work on runs: this machine's, or what the database answers. */
  constructor(database: Database, clock: (() => number) | Query<{ now_ms: number }>) {
    this.#database = database;
    this.#clock = clock;
  }

  find(runId: string) {
    return this.#database.snapshot(function* () {
      const limits = yield* findLimits(runId);
      const row = yield* findSpendingRow(runId);
      return describe(limits, toSpending(row));
    });
  }

  reserve(runId: string) {
    return this.#wish(runId, { kind: 'reserve' });
  }

  giveBack(runId: string) {
    return this.#wish(runId, { kind: 'give-back' });
  }

  add(runId: string, cost: AnswerCost) {
    return this.#wish(runId, { kind: 'add', cost });
  }

  recordSign(runId: string) {
    return this.#wish(runId, { kind: 'sign' });
  }

  async setLimits(runId: string, limits: SpendingLimits | null, spent: Spending) {
    await this.#database.transaction(function* () {
      yield* updateRun(runId, { limits: limits === null ? null : JSON.stringify(limits) });
      if (limits === null || (yield* findSpendingRow(runId)) !== undefined) return;
      yield* putSpendingRow(runId, spent, null);
    });
  }

  #wish(runId: string, wish: Wish): Promise<Outcome> {
    return new Promise<Outcome>((resolve, reject) => {
      this.#gathered.add({ runId, wish, resolve, reject });
    });
  }

  async #commit(entries: readonly Entry[]): Promise<void> {
    try {
      const outcomes = await this.#database.transaction(() => this.#write(entries));
      for (const [index, entry] of entries.entries()) entry.resolve(outcomes[index] as Outcome);
    } catch (error) {
      for (const entry of entries) entry.reject(error);
    }
  }

  *#write(entries: readonly Entry[]): Work<readonly Outcome[]> {
    const nowMs = yield* this.#readClock();
    const outcomes = new Map<Entry, Outcome>();
    for (const runId of new Set(entries.map((entry) => entry.runId))) {
      const ofRun = entries.filter((entry) => entry.runId === runId);
      for (const [index, outcome] of (yield* writeRun(runId, ofRun, nowMs)).entries()) {
        outcomes.set(ofRun[index] as Entry, outcome);
      }
    }
    return entries.map((entry) => outcomes.get(entry) as Outcome);
  }

  *#readClock(): Work<number> {
    if (typeof this.#clock === 'function') return this.#clock();
    const [row] = yield* all(this.#clock);
    return Math.floor(row?.now_ms ?? 0);
  }
}

function* writeRun(runId: string, entries: readonly Entry[], nowMs: number): Work<readonly Outcome[]> {
  const limits = yield* findLimits(runId);
  const row = yield* findSpendingRow(runId);
  let spent = toSpending(row);
  let seenAtMs = row?.seen_at_ms ?? null;
  if (entries.some(({ wish }) => wish.kind === 'sign')) {
    // A clock that was set back has measured nothing.
    const sinceMs = seenAtMs === null ? 0 : nowMs - seenAtMs;
    if (sinceMs > 0 && sinceMs <= longestSilenceMs) spent = { ...spent, workedMs: spent.workedMs + sinceMs };
    seenAtMs = nowMs;
  }
  // What is known to have been spent counts before anything more is given.
  for (const { wish } of entries) {
    if (wish.kind === 'give-back') spent = { ...spent, queries: Math.max(0, spent.queries - 1) };
    if (wish.kind !== 'add') continue;
    spent = { ...spent, tokens: spent.tokens + wish.cost.tokens, cost: spent.cost + wish.cost.cost };
  }
  const granted = new Set<Entry>();
  for (const entry of entries) {
    if (entry.wish.kind !== 'reserve') continue;
    if (limits !== null && findReachedLimit(limits, spent) !== undefined) break;
    spent = { ...spent, queries: spent.queries + 1 };
    granted.add(entry);
  }
  yield* putSpendingRow(runId, spent, seenAtMs);
  const outcome = describe(limits, spent);
  return entries.map((entry) => ({ ...outcome, isGranted: granted.has(entry) }));
}

function describe(limits: SpendingLimits | null, spent: Spending): RunSpending {
  const reached: LimitName | undefined = limits === null ? undefined : findReachedLimit(limits, spent);
  return { limits, spent, reached };
}

function* findLimits(runId: string): Work<SpendingLimits | null> {
  const { limits } = yield* getRunRow(runId);
  return limits === null ? null : (JSON.parse(limits) as SpendingLimits);
}

function* findSpendingRow(runId: string): Work<Selectable<RunSpendingRow> | undefined> {
  return yield* find(build.selectFrom('run_spending').selectAll().where('run_id', '=', runId));
}

function toSpending(row: Selectable<RunSpendingRow> | undefined): Spending {
  if (row === undefined) return nothingSpent;
  const { queries, tokens, cost_micros: costMicros, worked_ms: workedMs } = row;
  return { queries, tokens, cost: parseCostMicros(costMicros), workedMs };
}

function* putSpendingRow(runId: string, { queries, tokens, cost, workedMs }: Spending, seenAtMs: number | null) {
  const amounts = {
    queries,
    tokens,
    cost_micros: formatCostMicros(cost),
    worked_ms: workedMs,
    seen_at_ms: seenAtMs,
  };
  yield* execute(
    build
      .insertInto('run_spending')
      .values({ run_id: runId, ...amounts })
      .onConflict((conflict) => conflict.column('run_id').doUpdateSet(amounts)),
  );
}
