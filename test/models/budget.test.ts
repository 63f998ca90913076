import { describe, expect, it } from 'vitest';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Budget } from '../../models/budget.ts';
import { makeGate } from '../activities/fake-models.ts';
import { type Call, createFunctionModel, type Reply, watch } from './function-model.ts';
import { createVirtualClock, settle } from './virtual-clock.ts';

const never = new AbortController().signal;
const limitReached = new EvaluationError('limit-reached', 'No more.');

/** A budget of so many queries; it writes down what is asked of it. */
function createBudget(queries: number, onReserve: () => Promise<void> = async () => {}) {
  const exhausted = new AbortController();
  const journal: string[] = [];
  let left = queries;
  const budget: Budget = {
    exhausted: exhausted.signal,
    async reserve() {
      await onReserve();
      if (left === 0) throw limitReached;
      left--;
      if (left === 0) exhausted.abort(limitReached);
      journal.push('reserve');
    },
    async giveBack() {
      left++;
      journal.push('give back');
    },
    async spend() {
      await Promise.resolve();
      journal.push('spend');
    },
  };
  return { budget, journal, end: () => exhausted.abort(limitReached) };
}

function start(
  reply: (call: Call) => Reply | Promise<Reply>,
  { budget, journal }: Pick<ReturnType<typeof createBudget>, 'budget' | 'journal'>,
  model: Parameters<typeof createFunctionModel>[0]['model'] = {},
) {
  const clock = createVirtualClock();
  const created = createFunctionModel({ clock, model, reply });
  const keep = async () => void journal.push('keep');
  const ask = (prompt: string, signal = never) => {
    const input = { messages: [{ role: 'user', content: prompt }] };
    const request = { input, sample: { id: prompt, row: {} }, trial: 0, call: 0 };
    return created.models.query(created.model, request, signal, keep, budget);
  };
  const askAll = (count: number, signal = never) =>
    watch(new Map(Array.from({ length: count }, (_, index) => [`q${index}`, ask(`q${index}`, signal)])));
  return { clock, ask, askAll, models: created.models, calls: created.calls };
}

describe('a budget', () => {
  it('is asked before each send, retries and probes included, and none leaves beyond it', async () => {
    const counting = createBudget(12);
    const { calls, clock, askAll, models } = start(({ earlier, prompt }) => (earlier < 1 ? 503 : prompt), counting);
    await using _models = models;
    const { answers, errors } = askAll(30);
    await clock.advance(600_000);
    expect(calls).toHaveLength(12);
    expect(counting.journal.filter((entry) => entry === 'reserve')).toHaveLength(12);
    expect(answers.size + errors.size).toBe(30);
    expect([...errors.values()].every(({ code }) => code === 'limit-reached')).toBe(true);
  });

  it('that is used up is no failure of what is in flight, and ends every wait of the others at once', async () => {
    const counting = createBudget(100);
    const gate = makeGate();
    const { clock, askAll, models, calls } = start(
      async ({ prompt }) => {
        if (prompt === 'q0') return prompt;
        if (prompt === 'q1') return 429;
        await gate.promise;
        return prompt;
      },
      counting,
      { max_concurrent_requests: 4, rate_limit: 1_000_000 },
    );
    await using _models = models;
    // One is answered, one waits for its retry, the others are in flight or wait for their turn.
    const { answers, errors } = askAll(20);
    await clock.advance(100);
    expect(calls.length).toBeGreaterThanOrEqual(5);
    const inFlight = calls.length - 2;
    counting.end();
    await settle();
    expect(errors.size).toBe(20 - 1 - inFlight);
    expect([...errors.values()].every((error) => error === (limitReached as Error))).toBe(true);
    gate.open();
    await settle();
    expect(answers.size).toBe(1 + inFlight);
  });

  it('gets back what turned out not to leave', async () => {
    const gate = makeGate();
    const counting = createBudget(5, () => gate.promise);
    const stopping = new AbortController();
    const { ask, calls, models } = start(({ prompt }) => prompt, counting);
    await using _models = models;
    const asked = ask('q', stopping.signal).catch((error: unknown) => error);
    await settle();
    stopping.abort();
    gate.open();
    expect(await asked).toMatchObject({ name: 'QueryAbandoned' });
    expect(calls).toHaveLength(0);
    expect(counting.journal).toEqual(['reserve', 'give back']);
  });

  it('is told of an answer before that is kept, and before the next query may leave', async () => {
    const counting = createBudget(10);
    const { clock, askAll, models } = start(({ prompt }) => prompt, counting, { max_concurrent_requests: 1 });
    await using _models = models;
    askAll(3);
    await clock.advance(1_000);
    expect(counting.journal).toEqual(Array.from({ length: 3 }, () => ['reserve', 'spend', 'keep']).flat());
  });
});
