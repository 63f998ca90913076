import { describe, expect, it } from 'vitest';
import { QueryAbandoned } from '../../models/models.ts';
import { startOpenAiTestServer } from '../support/openai-test-server.ts';
import { type Call, createFunctionModel, type Reply, watch } from './function-model.ts';
import { type AskOptions, ask, failureOf, planModel, startModels, textOf } from './plan-model.ts';
import { createVirtualClock, settle } from './virtual-clock.ts';

const minuteMs = 60_000;

function start(
  reply: (call: Call, clock: { now(): number }) => Reply | Promise<Reply>,
  model: Parameters<typeof createFunctionModel>[0]['model'] = {},
) {
  const clock = createVirtualClock();
  const created = createFunctionModel({ clock, model, reply: (call) => reply(call, clock) });
  const askAll = (count: number, options: AskOptions = {}, prefix = 'q') => {
    const names = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    return watch(new Map(names.map((name) => [name, ask(created.models, created.model, name, options)])));
  };
  return { clock, askAll, models: created.models, model: created.model, calls: created.calls, created };
}

describe('an outage', () => {
  it('of ten minutes fails nothing, repeats nothing that was answered, and costs few queries', async () => {
    const began = { at: Number.POSITIVE_INFINITY };
    const { calls, clock, askAll, models } = start(
      async ({ prompt, at }, time) => {
        await clock.sleep(100, new AbortController().signal);
        if (at >= began.at && time.now() < began.at + 10 * minuteMs) return 503;
        return prompt;
      },
      { max_concurrent_requests: 8 },
    );
    await using _models = models;
    const { answers, errors } = askAll(300);
    await clock.advance(1_000);
    const before = answers.size;
    expect(before).toBeGreaterThan(20);
    began.at = clock.now();
    await clock.advance(10 * minuteMs);
    const during = calls.filter(({ at }) => at >= began.at);
    // Until the model is held: 20 in a row and what was in flight beside them; then one probe at a time.
    expect(during.length).toBeLessThanOrEqual(20 + 8 + 6 + 10);
    const probes = during.slice(28);
    for (const [index, { at }] of probes.entries()) {
      if (index > 0) expect(at - (probes[index - 1]?.at ?? 0)).toBeGreaterThanOrEqual(1_000);
    }
    await clock.advance(2 * minuteMs);
    expect(errors.size).toBe(0);
    expect([...answers.keys()]).toHaveLength(300);
    const answered = [...answers.keys()].slice(0, before);
    for (const name of answered) expect(calls.filter(({ prompt }) => prompt === name)).toHaveLength(1);
  });

  it('is probed after 1 s, 2 s and so on up to a minute, each time with another waiting query', async () => {
    const { calls, clock, askAll, models, model } = start(({ prompt }) => (prompt === 'first' ? prompt : 503), {
      max_concurrent_requests: 1,
    });
    await using _models = models;
    await ask(models, model, 'first');
    askAll(30);
    await clock.advance(0);
    expect(calls).toHaveLength(21);
    await clock.advance(5 * minuteMs);
    const probes = calls.slice(21);
    const waits = probes.map(({ at }, index) => at - (calls[20 + index]?.at ?? 0));
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(new Set(probes.map(({ prompt }) => prompt)).size).toBe(probes.length);
  });

  it('uses up no retries, also of queries that have none', async () => {
    let isDown = false;
    const { calls, clock, askAll, models, model } = start(({ prompt }) => (isDown ? 500 : prompt), {
      max_retries: 0,
      max_concurrent_requests: 4,
    });
    await using _models = models;
    await ask(models, model, 'first');
    isDown = true;
    const { answers, errors } = askAll(40);
    await clock.advance(3 * minuteMs);
    expect([answers.size, errors.size]).toEqual([0, 0]);
    isDown = false;
    await clock.advance(2 * minuteMs);
    expect([answers.size, errors.size]).toEqual([40, 0]);
    expect(calls.length).toBeLessThan(1 + 20 + 4 + 10 + 40);
  });

  it('ends with the first answer, for everybody, and within the limit', async () => {
    let isDown = true;
    const test = start(
      async ({ prompt }) => {
        if (isDown) return 503;
        await test.clock.sleep(10, new AbortController().signal);
        return prompt;
      },
      { max_concurrent_requests: 3 },
    );
    await using _models = test.models;
    const { answers } = test.askAll(50);
    await test.clock.advance(20_000);
    expect(test.created.highestInFlight).toBe(1);
    isDown = false;
    await test.clock.advance(minuteMs);
    expect(answers.size).toBe(50);
    expect(test.created.highestInFlight).toBe(3);
  });

  it('lets what is in flight end, and its answer ends the outage', async () => {
    let answerSlow = (_text: string) => {};
    const slow = new Promise<string>((resolve) => {
      answerSlow = resolve;
    });
    const { clock, askAll, models, model } = start(
      ({ prompt, earlier }) => {
        if (prompt === 'slow') return slow;
        return prompt.startsWith('q') && earlier === 0 ? 503 : prompt;
      },
      { max_concurrent_requests: 2 },
    );
    await using _models = models;
    await ask(models, model, 'first');
    const inFlight = ask(models, model, 'slow');
    const { answers } = askAll(20);
    await clock.advance(0);
    expect(models.listOutages()).toHaveLength(1);
    answerSlow('late');
    expect(textOf(await inFlight)).toBe('late');
    await settle();
    expect(models.listOutages()).toHaveLength(0);
    await clock.advance(0);
    expect(answers.size).toBe(20);
  });

  it('is not what a few queries are that fail while others are answered', async () => {
    const { calls, clock, askAll, models, model } = start(({ prompt }) => (prompt.startsWith('bad') ? 500 : prompt), {
      max_retries: 2,
    });
    await using _models = models;
    await ask(models, model, 'first');
    const bad = askAll(3, {}, 'bad');
    const good = askAll(30, {}, 'good');
    await clock.advance(minuteMs);
    expect(good.answers.size).toBe(30);
    expect([...bad.errors.values()].map(({ code }) => code)).toEqual(['model-error', 'model-error', 'model-error']);
    expect(calls.filter(({ prompt }) => prompt.startsWith('bad'))).toHaveLength(9);
  });

  it('holds with one Retry-After above ten minutes, and nothing is sent before that', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ prompt, earlier }) =>
        prompt === 'b' && earlier === 0 ? { status: 429, headers: { 'retry-after': '900' } } : prompt,
    });
    const clock = createVirtualClock();
    await using models = startModels(clock);
    const config = { connection_type: 'openai_compatible', base_url: server.baseUrl, model_key: 'x' } as const;
    const model = planModel({ key: 'small', config });
    await ask(models, model, 'a');
    const pending = ask(models, model, 'b');
    while (models.listOutages().length === 0) await settle();
    expect(models.listOutages()).toEqual([
      { modelVersion: model.version, text: 'model small: 429 since 0 s, next query in 15 min' },
    ]);
    await clock.advance(899_000);
    expect(server.count()).toBe(2);
    await clock.advance(1_000);
    expect(textOf(await pending)).toBe('b');
  });
});

describe('patience', () => {
  it('is over after outage_patience_s: nobody waits any longer, nor is anything sent', async () => {
    const { calls, clock, askAll, models, model } = start(({ prompt }) => (prompt === 'first' ? prompt : 529), {
      key: 'small',
    });
    await using _models = models;
    models.declare([model], { outagePatienceMs: 5 * minuteMs });
    await ask(models, model, 'first');
    const { answers, errors } = askAll(40);
    await clock.advance(5 * minuteMs - 1);
    expect(errors.size).toBe(0);
    await clock.advance(1);
    expect([answers.size, errors.size]).toEqual([0, 40]);
    for (const error of errors.values()) {
      expect(error).toMatchObject({
        name: 'ModelError',
        code: 'model-unusable',
        hint: expect.stringContaining('esume'),
      });
      expect(error.message).toBe(
        'Model "small" cannot be used, after 5 min of waiting: The function answered 529: It failed.',
      );
    }
    const sent = calls.length;
    expect(await failureOf(ask(models, model, 'later'))).toMatchObject({ code: 'model-unusable' });
    expect(calls).toHaveLength(sent);
    expect(models.listOutages()).toEqual([]);
  });

  it('begins anew with each outage', async () => {
    let isDown = false;
    const { clock, askAll, models, model } = start(({ prompt }) => (isDown ? 503 : prompt), {
      max_concurrent_requests: 1,
    });
    await using _models = models;
    models.declare([model], { outagePatienceMs: 10 * minuteMs });
    await ask(models, model, 'first');
    for (const outage of ['a', 'b', 'c']) {
      isDown = true;
      const { answers, errors } = askAll(25, {}, outage);
      await clock.advance(7 * minuteMs);
      isDown = false;
      await clock.advance(2 * minuteMs);
      expect([answers.size, errors.size]).toEqual([25, 0]);
    }
  });

  it('of 0 s waits for nothing', async () => {
    const { calls, clock, askAll, models, model } = start(() => 503);
    await using _models = models;
    models.declare([model], { outagePatienceMs: 0 });
    const { errors } = askAll(3);
    await clock.advance(0);
    expect([...errors.values()].map(({ code }) => code)).toEqual([
      'model-unusable',
      'model-unusable',
      'model-unusable',
    ]);
    expect(calls).toHaveLength(1);
  });
});

describe('a model that refuses everything', () => {
  it.each([401, 402, 403, 404])('with %i before its first answer gets three probes, then nothing', async (status) => {
    const { calls, clock, askAll, models } = start(() => status);
    await using _models = models;
    const { errors } = askAll(20);
    await clock.advance(minuteMs);
    expect(calls).toHaveLength(3);
    expect(new Set([...errors.values()].map(({ code }) => code))).toEqual(new Set(['model-unusable']));
    expect(errors.size).toBe(20);
  });

  it('may have meant the first queries only', async () => {
    const { clock, askAll, models, calls } = start(({ prompt }) => (calls.length <= 2 ? 403 : prompt));
    await using _models = models;
    const { answers } = askAll(20);
    await clock.advance(minuteMs);
    expect(answers.size).toBe(20);
  });

  it('once it has answered refuses a single query, without retry', async () => {
    const { clock, askAll, models, model, calls } = start(({ prompt }) => (prompt === 'q3' ? 404 : prompt));
    await using _models = models;
    await ask(models, model, 'first');
    const { answers, errors } = askAll(5);
    await clock.advance(minuteMs);
    expect([...errors.entries()]).toMatchObject([['q3', { code: 'model-error', statusCode: 404, retries: 0 }]]);
    expect(answers.size).toBe(4);
    expect(calls).toHaveLength(6);
  });

  it('in the middle of an outage costs no sample: what answers there is not the model', async () => {
    let status = 0;
    const { clock, askAll, models, model } = start(({ prompt }) => (status === 0 ? prompt : status));
    await using _models = models;
    await ask(models, model, 'first');
    status = 503;
    const { answers, errors } = askAll(25);
    await clock.advance(minuteMs);
    status = 404;
    await clock.advance(5 * minuteMs);
    expect(errors.size).toBe(0);
    status = 0;
    await clock.advance(minuteMs);
    expect([answers.size, errors.size]).toEqual([25, 0]);
  });
});

describe('waiting for a held model', () => {
  it('ends at once when the task gives up', async () => {
    const stopped = new AbortController();
    const { clock, askAll, models, calls } = start(() => 503);
    await using _models = models;
    const { errors } = askAll(20, { signal: stopped.signal });
    await clock.advance(10_000);
    const sent = calls.length;
    stopped.abort();
    await settle();
    expect([...errors.values()]).toEqual(Array.from({ length: 20 }, () => expect.any(QueryAbandoned)));
    await clock.advance(10 * minuteMs);
    expect(calls).toHaveLength(sent);
  });

  it('is taken over by whoever is left when the probe is given up', async () => {
    const stopped = new AbortController();
    const { clock, models, model } = start(({ prompt }) => (prompt === 'a' ? 503 : prompt));
    await using _models = models;
    const first = failureOf(ask(models, model, 'a', { signal: stopped.signal }));
    const second = ask(models, model, 'b');
    await settle();
    stopped.abort();
    expect(await first).toBeInstanceOf(QueryAbandoned);
    await clock.advance(1_000);
    expect(textOf(await second)).toBe('b');
  });

  it('says what it waits for', async () => {
    const { clock, askAll, models, model } = start(() => 503, { key: 'small' });
    await using _models = models;
    expect(models.listOutages()).toEqual([]);
    askAll(2);
    await clock.advance(4_000);
    expect(models.listOutages()).toEqual([
      { modelVersion: model.version, text: 'model small: 503 since 4 s, next query in 3 s' },
    ]);
  });
});
