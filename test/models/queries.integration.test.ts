import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { PlannedModel } from '../../evaluation/plan.ts';
import { QueryAbandoned } from '../../models/models.ts';
import { startOpenAiTestServer, type TestAnswer } from '../support/openai-test-server.ts';
import { ask, failureOf, hastyClock, planModel, startModels, textOf } from './plan-model.ts';

type Written = Parameters<typeof planModel>[0];

function openai(baseUrl: string, more: Omit<Written, 'config'> = {}): PlannedModel {
  return planModel({
    ...more,
    config: { connection_type: 'openai_compatible', base_url: baseUrl, model_key: 'small' },
  });
}

/** Fails the first times a prompt comes, then answers. */
function failFirst(times: number, answer: TestAnswer) {
  return ({ earlier, prompt }: { earlier: number; prompt: string }): TestAnswer => (earlier < times ? answer : prompt);
}

describe('retries', () => {
  it.each<[string, TestAnswer, number | undefined]>([
    ['408', { status: 408 }, 408],
    ['409', { status: 409 }, 409],
    ['429', { status: 429 }, 429],
    ['500', { status: 500 }, 500],
    ['502 with a page', { status: 502, fault: 'html' }, 502],
    ['503', { status: 503 }, 503],
    ['a cut connection', { fault: 'reset' }, undefined],
    ['a truncated body', { fault: 'truncated' }, undefined],
  ])('sends again after %s and records it', async (_title, answer, status) => {
    await using server = await startOpenAiTestServer({ answer: failFirst(2, answer) });
    await using models = startModels(hastyClock);
    const { output, evidence } = await ask(models, openai(server.baseUrl), 'Hello');
    expect(textOf({ output })).toBe('Hello');
    expect(server.count('Hello')).toBe(3);
    expect(evidence.retries).toHaveLength(2);
    expect(evidence.retries[0]).toMatchObject({
      error_type: 'model-error',
      ...(status === undefined ? {} : { status }),
    });
  });

  it('sends again after a time-out', async () => {
    await using server = await startOpenAiTestServer({ answer: failFirst(1, { delayMs: 2_000, content: 'late' }) });
    await using models = startModels(hastyClock);
    const answer = await ask(models, openai(server.baseUrl, { request_timeout: 0.2 }), 'Hello');
    expect(textOf(answer)).toBe('Hello');
    expect(answer.evidence.retries[0]?.message).toContain('time-out');
  });

  it('stops after max_retries', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ prompt }) => (prompt === 'bad' ? { status: 500, content: 'broken' } : prompt),
    });
    await using models = startModels(hastyClock);
    const model = openai(server.baseUrl, { max_retries: 3 });
    await ask(models, model, 'first');
    const error = await failureOf(ask(models, model, 'bad'));
    expect(error).toMatchObject({ code: 'model-error', statusCode: 500, retries: 3 });
    expect(error.message).toContain('broken');
    expect(server.count('bad')).toBe(4);
  });

  it.each([400, 413, 422])('never sends again after %i', async (status) => {
    await using server = await startOpenAiTestServer({ answer: () => ({ status, content: 'context too long' }) });
    await using models = startModels(hastyClock);
    const error = await failureOf(ask(models, openai(server.baseUrl), 'Hello'));
    expect(error).toMatchObject({ code: 'model-error', statusCode: status, isRetryable: false, retries: 0 });
    expect(server.count()).toBe(1);
  });

  it('waits as long as Retry-After says, for everybody who shares the limit', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ index, prompt }) => (index === 1 ? { status: 429, headers: { 'retry-after': '1' } } : prompt),
    });
    await using models = startModels({ random: () => 0 });
    const model = openai(server.baseUrl, { max_concurrent_requests: 1, limit_group: 'g' });
    const other = openai(server.baseUrl, { max_concurrent_requests: 1, limit_group: 'g', version: 'other' });
    await ask(models, model, 'warm up');
    await Promise.all([ask(models, model, 'a'), ask(models, other, 'b')]);
    const [, refused, ...rest] = server.requests;
    for (const request of rest) expect(request.receivedAt - (refused?.receivedAt ?? 0)).toBeGreaterThanOrEqual(990);
  });
});

describe('pace', () => {
  it('holds max_concurrent_requests across queries', async () => {
    await using server = await startOpenAiTestServer({ answer: ({ prompt }) => ({ content: prompt, delayMs: 10 }) });
    await using models = startModels();
    const model = openai(server.baseUrl, { max_concurrent_requests: 3 });
    await Promise.all(Array.from({ length: 20 }, (_, index) => ask(models, model, `p${index}`)));
    expect(server.count()).toBe(20);
    expect(server.highestInFlight).toBe(3);
  });

  it('holds the smallest declared value of a limit group before the model that declares it is asked', async () => {
    await using server = await startOpenAiTestServer({ answer: ({ prompt }) => ({ content: prompt, delayMs: 10 }) });
    await using models = startModels();
    const wide = openai(server.baseUrl, { max_concurrent_requests: 9, limit_group: 'g' });
    const narrow = openai(server.baseUrl, { max_concurrent_requests: 2, limit_group: 'g', version: '2' });
    models.declare([wide, narrow]);
    await Promise.all(Array.from({ length: 12 }, (_, index) => ask(models, wide, `p${index}`)));
    expect(server.highestInFlight).toBe(2);
  });

  it('begins with a few queries at once and raises that while a service keeps answering', async () => {
    const waiting: (() => void)[] = [];
    await using server = await startOpenAiTestServer({
      answer: async ({ prompt }) => {
        if (prompt !== 'first') await new Promise<void>((resolve) => waiting.push(resolve));
        return prompt;
      },
    });
    await using models = startModels();
    const model = openai(server.baseUrl);
    await ask(models, model, 'first');
    const answers = Promise.all(Array.from({ length: 700 }, (_, index) => ask(models, model, `p${index}`)));
    const waves: number[] = [];
    while ((waves.at(-1) ?? 0) <= 32) {
      const atLeast = waves.length === 0 ? 8 : (waves.at(-1) ?? 0) + 1;
      while (waiting.length < atLeast) await new Promise((resolve) => setImmediate(resolve));
      waves.push(waiting.length);
      for (const answer of waiting.splice(0)) answer();
    }
    expect(waves[0]).toBe(8);
    const answerRest = setInterval(() => waiting.splice(0).forEach((answer) => answer()), 1);
    await answers;
    clearInterval(answerRest);
  });
});

describe('a model that has never answered', () => {
  it('is asked one query until it is heard of', async () => {
    let answerFirst = () => {};
    const gate = new Promise<void>((resolve) => {
      answerFirst = resolve;
    });
    await using server = await startOpenAiTestServer({
      answer: async ({ index, prompt }) => {
        if (index === 0) await gate;
        return prompt;
      },
    });
    await using models = startModels();
    const model = openai(server.baseUrl);
    const answers = ['a', 'b', 'c'].map((prompt) => ask(models, model, prompt));
    while (server.count() === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(server.count()).toBe(1);
    answerFirst();
    expect((await Promise.all(answers)).map(textOf)).toEqual(['a', 'b', 'c']);
    expect(server.highestInFlight).toBeLessThanOrEqual(2);
  });

  it.each<[string, TestAnswer, string]>([
    ['401', { status: 401, content: 'bad key' }, 'answered 401: bad key'],
    ['403', { status: 403 }, 'answered 403'],
    ['404', { status: 404, content: 'no such model' }, 'no such model'],
    ['402', { status: 402 }, 'answered 402'],
    ['an exhausted quota', { status: 429, body: { error: { message: 'gone', code: 'insufficient_quota' } } }, 'gone'],
    ['a page', { fault: 'html' }, 'HTML'],
    ['a redirect', { status: 308, headers: { location: 'https://elsewhere.example/' } }, 'answered 308'],
  ])('becomes unusable with %s, for all who wait and come later', async (_title, answer, said) => {
    await using server = await startOpenAiTestServer({ answer: () => answer });
    await using models = startModels(hastyClock);
    const model = openai(server.baseUrl, { key: 'small-one' });
    const errors = await Promise.all(['a', 'b', 'c'].map((prompt) => failureOf(ask(models, model, prompt))));
    errors.push(await failureOf(ask(models, model, 'd')));
    for (const error of errors) {
      expect(error).toMatchObject({ name: 'ModelError', code: 'model-unusable' });
      expect(error.message).toContain('"small-one"');
      expect(error.message).toContain(server.baseUrl);
      expect(error.message).toContain(said);
      expect(error.hint).toBeTypeOf('string');
    }
    expect(server.count()).toBe(3);
  });

  it('becomes unusable when it cannot be reached until patience is over', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as { port: number };
    listener.close();
    await once(listener, 'close');
    await using models = startModels(hastyClock);
    const model = openai(`http://127.0.0.1:${port}/v1`);
    models.declare([model], { outagePatienceMs: 60_000 });
    const errors = await Promise.all(['a', 'b', 'c'].map((prompt) => failureOf(ask(models, model, prompt))));
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'model-unusable',
        message: expect.stringMatching(/of waiting: .*ECONNREFUSED/),
        hint: expect.stringContaining('address'),
      });
    }
  });

  it('is asked something else when its first query fails, and then that again', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ prompt }) => (prompt === 'bad' ? { status: 503 } : prompt),
    });
    await using models = startModels(hastyClock);
    const model = openai(server.baseUrl, { max_retries: 2 });
    const [bad, good] = await Promise.allSettled([ask(models, model, 'bad'), ask(models, model, 'good')]);
    // One probe, which counts for nobody, then a query and its two retries.
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'model-error', statusCode: 503, retries: 3 } });
    expect(good).toMatchObject({ status: 'fulfilled' });
  });

  it('says which variable is missing', async () => {
    await using models = startModels();
    const model = planModel({
      config: { connection_type: 'provider_connection', provider_id: 'openai', model_key: 'x' },
    });
    const error = await failureOf(ask(models, model, 'a'));
    expect(error).toMatchObject({ code: 'model-unusable', message: expect.stringContaining('OPENAI_API_KEY') });
  });
});

describe('a model that has answered', () => {
  it.each<[string, TestAnswer, number]>([
    ['401', { status: 401 }, 1],
    ['404', { status: 404 }, 1],
    ['an exhausted quota', { status: 429, content: 'insufficient_quota' }, 3],
    ['a page', { fault: 'html' }, 3],
  ])('fails only the query that meets %s', async (_title, answer, sent) => {
    await using server = await startOpenAiTestServer({ answer: ({ prompt }) => (prompt === 'bad' ? answer : prompt) });
    await using models = startModels(hastyClock);
    const model = openai(server.baseUrl, { max_retries: 2 });
    await ask(models, model, 'first');
    expect((await failureOf(ask(models, model, 'bad'))).code).toBe('model-error');
    expect(server.count('bad')).toBe(sent);
    expect(textOf(await ask(models, model, 'last'))).toBe('last');
  });
});

describe('the end of a task', () => {
  it('sends nothing once the signal has fired', async () => {
    await using server = await startOpenAiTestServer();
    await using models = startModels();
    await expect(ask(models, openai(server.baseUrl), 'a', { signal: AbortSignal.abort() })).rejects.toThrow(
      QueryAbandoned,
    );
    expect(server.count()).toBe(0);
  });

  it('lets the query in flight finish and abandons those that wait', async () => {
    const controller = new AbortController();
    await using server = await startOpenAiTestServer({
      answer: ({ prompt }) => {
        if (prompt === 'a') controller.abort();
        return prompt;
      },
    });
    await using models = startModels();
    const model = openai(server.baseUrl, { max_concurrent_requests: 1 });
    await ask(models, model, 'first');
    const { signal } = controller;
    const results = await Promise.allSettled(['a', 'b', 'c'].map((prompt) => ask(models, model, prompt, { signal })));
    expect(results.map((result) => (result.status === 'fulfilled' ? textOf(result.value) : result.reason))).toEqual([
      'a',
      expect.any(QueryAbandoned),
      expect.any(QueryAbandoned),
    ]);
    expect(server.count()).toBe(2);
  });

  it('abandons the wait for a retry', async () => {
    const controller = new AbortController();
    await using server = await startOpenAiTestServer({
      answer: () => {
        setImmediate(() => controller.abort());
        return { status: 503, headers: { 'retry-after': '3600' } };
      },
    });
    await using models = startModels();
    await expect(ask(models, openai(server.baseUrl), 'a', { signal: controller.signal })).rejects.toThrow(
      QueryAbandoned,
    );
  });
});

describe('secrets', () => {
  const secret = 'sk-very/secret"value';

  it('send a credential and never show it, whatever the service repeats', async () => {
    await using server = await startOpenAiTestServer({
      answer: ({ headers }) => ({
        status: 401,
        content: `Incorrect key: ${String(headers['authorization'])} ${encodeURIComponent(secret)} ${'x'.repeat(400)}${secret}`,
      }),
    });
    await using models = startModels({ ...hastyClock, environment: { KEY: secret } });
    const model = planModel({
      config: {
        connection_type: 'openai_compatible',
        base_url: server.baseUrl,
        model_key: 'small',
        api_key: { secret: 'KEY', variable: 'KEY' },
      },
    });
    const error = await failureOf(ask(models, model, 'a'));
    expect(server.requests[0]?.headers['authorization']).toBe(`Bearer ${secret}`);
    for (let seen: unknown = error; seen instanceof Error; seen = seen.cause) {
      const text = JSON.stringify([seen.message, (seen as { hint?: string }).hint, seen.stack]);
      expect(text).not.toContain('very/secret');
      expect(text).not.toContain(encodeURIComponent(secret));
    }
    expect(error.message.length).toBeLessThan(500);
  });
});

describe('held models', () => {
  it('send nothing more, let what is in flight finish, and end every wait when told what became of it', async () => {
    const held = new AbortController();
    const cancelled = new AbortController();
    await using server = await startOpenAiTestServer({
      answer: ({ prompt }) => {
        if (prompt === 'b') held.abort();
        return prompt === 'b' ? { content: prompt, delayMs: 50 } : prompt;
      },
    });
    await using models = startModels({ ...hastyClock, held: held.signal });
    const model = openai(server.baseUrl, { max_concurrent_requests: 1 });
    await ask(models, model, 'a');
    const inFlight = ask(models, model, 'b');
    const waiting = Promise.all(
      ['c', 'd'].map((prompt) => failureOf(ask(models, model, prompt, { signal: cancelled.signal }))),
    );
    expect(textOf(await inFlight)).toBe('b');
    cancelled.abort();
    for (const failure of await waiting) expect(failure).toBeInstanceOf(QueryAbandoned);
    expect(server.requests.map(({ prompt }) => prompt)).toEqual(['a', 'b']);
  });
});
