import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { makeLimitReachedError } from '../evaluation/limits/describe-limits.ts';
import type { SpendingLimits } from '../evaluation/limits/spending-limits.ts';
import type { Usage } from '../evaluation/model-io.ts';
import type { Model } from '../evaluation/spec/models.ts';
import { readPrice } from '../evaluation/usage/cost.ts';
import { measureAnswer } from '../evaluation/usage/measure-usage.ts';
import type { Budget } from '../models/budget.ts';
import type { AnswerCost, RunSpending, SpendingLedger } from '../storage/spending.ts';

/** Between two signs that a run is worked on; as late does one process hear of what others have spent. */
const signEveryMs = 1_000;
const firstWaitMs = 250;
const longestWaitMs = 5_000;
/** How long a ledger that cannot be written is waited for with what an answer cost, as the journal is with the answer. */
const patienceMs = 10 * 60_000;

/** The budget of a run as one segment uses it. */
export interface OpenBudget extends Budget {
  /** While the run is paused it is not worked on. */
  setPaused(isPaused: boolean): void;
  /** What nobody was told yet: models whose answers cannot be counted. */
  takeWarnings(): readonly string[];
  close(): void;
}

/** The budgets of the runs that a worker works on: one per run, whatever the number of its segments. */
export interface RunBudgets {
  /** Undefined where nothing of the run is limited. */
  open(runId: string): Promise<OpenBudget | undefined>;
}

export function createRunBudgets(ledger: SpendingLedger): RunBudgets {
  const shared = new Map<string, SharedBudget>();
  return {
    async open(runId) {
      const { limits, reached, spent } = await ledger.find(runId);
      if (limits === null) return undefined;
      // Another attempt of the run may have other limits, while segments of the last one still end.
      const name = JSON.stringify([runId, limits]);
      const known = shared.get(name);
      const budget = known ?? new SharedBudget(ledger, runId, limits);
      if (known === undefined) shared.set(name, budget);
      budget.learn({ limits, reached, spent });
      return budget.use(() => {
        if (shared.get(name) === budget) shared.delete(name);
      });
    },
  };
}

class SharedBudget {
  readonly #ledger: SpendingLedger;
  readonly #runId: string;
  readonly #limits: SpendingLimits;
  readonly #exhausted = new AbortController();
  readonly #closed = new AbortController();
  readonly #users = new Set<OpenBudget>();
  /** Models whose answers said nothing of their tokens, and of which nobody was told yet. */
  readonly #uncounted = new Set<string>();
  readonly #told = new Set<string>();
  #isPaused = false;

  constructor(ledger: SpendingLedger, runId: string, limits: SpendingLimits) {
    this.#ledger = ledger;
    this.#runId = runId;
    this.#limits = limits;
    setMaxListeners(0, this.#exhausted.signal); // every query in progress listens
  }

  use(onUnused: () => void): OpenBudget {
    if (this.#users.size === 0) void this.#giveSigns();
    const user: OpenBudget = {
      exhausted: this.#exhausted.signal,
      reserve: () => this.#reserve(),
      giveBack: () => this.#giveBack(),
      spend: (model, usage) => this.#spend(model, usage),
      setPaused: (isPaused) => {
        this.#isPaused = isPaused;
      },
      takeWarnings: () => this.#takeWarnings(),
      close: () => {
        this.#users.delete(user);
        if (this.#users.size > 0) return;
        this.#closed.abort();
        onUnused();
      },
    };
    this.#users.add(user);
    return user;
  }

  /** What the ledger says after any of its answers. Queries in flight finish; nothing else leaves. */
  learn({ limits, spent, reached }: RunSpending): void {
    if (limits === null || reached === undefined || this.#exhausted.signal.aborted) return;
    this.#exhausted.abort(makeLimitReachedError(this.#runId, reached, { limits, spent }));
  }

  async #reserve(): Promise<void> {
    const answer = await this.#ledger.reserve(this.#runId);
    this.learn(answer);
    if (!answer.isGranted) this.#exhausted.signal.throwIfAborted();
  }

  async #giveBack(): Promise<void> {
    // One that is not taken back counts as sent: too careful by one, and no reason to fail.
    await this.#ledger.giveBack(this.#runId).catch(() => undefined);
  }

  async #spend(model: Model, usage: Usage | undefined): Promise<void> {
    const cost = this.#measure(model, usage);
    const begunAt = performance.now();
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, 2 * waitMs)) {
      try {
        this.learn(await this.#ledger.add(this.#runId, cost));
        return;
      } catch (error) {
        const isWorthWaiting = error instanceof EvaluationError && error.code === 'store-failed';
        if (!isWorthWaiting || performance.now() - begunAt > patienceMs) throw error;
        await sleep(waitMs);
      }
    }
  }

  #measure({ key, price }: Model, usage: Usage | undefined): AnswerCost {
    const evidence = usage === undefined ? {} : { usage };
    const amount = measureAnswer(evidence, price === undefined ? undefined : readPrice(price));
    const needsUsage = this.#limits.tokens !== undefined || this.#limits.cost !== undefined;
    if (needsUsage && amount.withoutUsage > 0 && !this.#told.has(key)) {
      this.#told.add(key);
      this.#uncounted.add(key);
    }
    return { tokens: amount.promptTokens + amount.completionTokens, cost: amount.cost ?? 0n };
  }

  #takeWarnings(): readonly string[] {
    const limited = (['cost', 'tokens'] as const).filter((name) => this.#limits[name] !== undefined);
    const names = limited.map((name) => `limits.${name}`).join(' and ');
    const warnings = [...this.#uncounted].map(
      (key) => `Model "${key}" answers without saying how many tokens it used: ${names} cannot count those answers.`,
    );
    this.#uncounted.clear();
    return warnings;
  }

  async #giveSigns(): Promise<void> {
    const { signal } = this.#closed;
    const { duration_s: durationS } = this.#limits;
    let waitMs = 0;
    while (!signal.aborted) {
      await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
      waitMs = signEveryMs;
      if (signal.aborted || this.#isPaused) continue;
      // A ledger that cannot be written now lets nothing leave either.
      const answer = await this.#ledger.recordSign(this.#runId).catch(() => undefined);
      if (answer === undefined) continue;
      this.learn(answer);
      // To the moment, not to the second.
      if (durationS === undefined) continue;
      const leftMs = 1_000 * durationS - answer.spent.workedMs;
      if (leftMs > 0) waitMs = Math.min(signEveryMs, Math.max(50, leftMs));
    }
    if (!this.#isPaused) await this.#ledger.recordSign(this.#runId).catch(() => undefined);
  }
}
