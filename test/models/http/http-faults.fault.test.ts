import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../models/clock.ts';
import { startOpenAiTestServer, type TestAnswer } from '../../support/openai-test-server.ts';
import { ask, failureOf, hastyClock, planModel, startModels, textOf } from '../plan-model.ts';

// What a real server can do to a query, after a first answer: what is sent again, what is final, and what is said of it.

const secret = 'sk-very-secret';

async function start(
  answer: (earlier: number) => TestAnswer,
  more: { request_timeout?: number } & Partial<Clock> = {},
) {
  const { request_timeout = 120, ...clock } = more;
  const server = await startOpenAiTestServer({
    answer: ({ prompt, earlier }) => (prompt === 'first' ? 'ready' : answer(earlier)),
  });
  const models = startModels({ ...hastyClock, ...clock, environment: { KEY: secret } });
  const model = planModel({
    max_retries: 2,
    request_timeout,
    config: {
      connection_type: 'openai_compatible',
      base_url: server.baseUrl,
      model_key: 'm',
      api_key: { secret: 'KEY', variable: 'KEY' },
    },
  });
  await ask(models, model, 'first');
  return {
    server,
    ask: () => ask(models, model, 'x'),
    [Symbol.asyncDispose]: async () => {
      await models.close();
      await server.close();
    },
  };
}

describe('sent again', () => {
  it.each<[string, TestAnswer, string]>([
    ['429', { status: 429, content: `slow down, ${secret}` }, 'answered 429: slow down, ***'],
    ['500', { status: 500, content: 'broken' }, 'answered 500: broken'],
    ['502 with a page', { status: 502, fault: 'html' }, 'answered 502'],
    ['503', { status: 503, body: 'the whole prompt' }, 'answered 503'],
    ['504', { status: 504 }, 'answered 504'],
    ['529', { status: 529 }, 'answered 529'],
    ['a page in place of JSON', { fault: 'html' }, 'answered with an HTML page instead of JSON (status 200).'],
    ['a page that is called JSON', { body: '<!doctype html><p>Log in' }, 'HTML page'],
    ['a connection that is reset', { fault: 'reset' }, 'could not be reached or broke the connection off'],
    ['a body that breaks off', { fault: 'truncated' }, 'could not be reached or broke the connection off'],
    ['a body that ends where nothing says where', { fault: 'unframed' }, 'broke the connection off within its answer'],
  ])('is a query that meets %s; when that lasts, it fails with what was said', async (_title, answer, said) => {
    await using passing = await start((earlier) => (earlier < 2 ? answer : 'fine'));
    const { output, evidence } = await passing.ask();
    expect(textOf({ output })).toBe('fine');
    expect(evidence.retries).toHaveLength(2);
    await using lasting = await start(() => answer);
    const error = await failureOf(lasting.ask());
    expect(error).toMatchObject({ code: 'model-error', isRetryable: true, retries: 2 });
    expect(error.message).toContain(said);
    expect(JSON.stringify([error.message, error.hint, evidence])).not.toContain(secret);
    expect(lasting.server.count('x')).toBe(3);
  });

  it('is a query whose answer drips for ever, after request_timeout', async () => {
    await using test = await start((earlier) => (earlier === 0 ? { fault: 'trickle' } : 'fine'), {
      request_timeout: 1,
    });
    const { output, evidence } = await test.ask();
    expect(textOf({ output })).toBe('fine');
    expect(evidence.retries[0]?.message).toContain("within the request's time-out");
  });

  it.each([
    ['seconds', () => '7', 7_000, 7_000],
    ['a date', () => new Date(Date.now() + 9_000).toUTCString(), 7_000, 9_000],
  ])('is a query not before Retry-After in %s', async (_title, retryAfter, atLeastMs, atMostMs) => {
    const waits: number[] = [];
    await using test = await start(
      (earlier) => (earlier === 0 ? { status: 429, headers: { 'retry-after': retryAfter() } } : 'fine'),
      {
        random: () => 0,
        sleep: async (durationMs, signal) => {
          waits.push(durationMs);
          await hastyClock.sleep?.(durationMs, signal);
        },
      },
    );
    expect(textOf(await test.ask())).toBe('fine');
    expect(waits[0]).toBeGreaterThanOrEqual(atLeastMs);
    expect(waits[0]).toBeLessThanOrEqual(atMostMs);
  });
});

describe('final', () => {
  it.each<[string, TestAnswer, string]>([
    [
      'JSON that is none, though complete',
      { body: `{"choices": [{"mess ${secret}` },
      'is not JSON: {"choices": [{"mess ***',
    ],
    ['a text', { body: 'fine', headers: { 'content-type': 'text/plain' } }, 'is not JSON: fine'],
    ['nothing', { body: '' }, 'is not JSON'],
    ['an error that is called an answer', { body: { error: { message: 'overheated' } } }, 'an error: overheated'],
    ['400', { status: 400, content: 'too long' }, 'answered 400: too long'],
    ['401', { status: 401, content: `bad key ${secret}` }, 'answered 401: bad key ***'],
    ['404', { status: 404, content: 'gone' }, 'answered 404: gone'],
  ])('for its query is %s', async (_title, answer, said) => {
    await using test = await start(() => answer);
    const error = await failureOf(test.ask());
    expect(error).toMatchObject({ code: 'model-error', isRetryable: false, retries: 0 });
    expect(error.message).toContain(said);
    expect(error.message).not.toContain(secret);
    expect(test.server.count('x')).toBe(1);
  });

  it('is an answer without end, long before it fills the memory', async () => {
    await using test = await start(() => ({ fault: 'endless' }));
    const before = process.memoryUsage().rss;
    const error = await failureOf(test.ask());
    expect(error).toMatchObject({
      code: 'model-error',
      retries: 0,
      message: expect.stringContaining('more than 32 MiB'),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 * 1024);
  });
});

describe('an answer all the same', () => {
  it.each(['text/plain', 'text/html; charset=utf-8', 'application/octet-stream'])('is JSON called %s', async (type) => {
    const choices = [{ message: { role: 'assistant', content: 'Rome' } }];
    await using test = await start(() => ({ body: { choices }, headers: { 'content-type': type } }));
    expect(textOf(await test.ask())).toBe('Rome');
  });

  it('is one without choices: whoever asked has to say what that means', async () => {
    await using test = await start(() => ({ body: { choices: [] } }));
    expect((await test.ask()).output).toEqual({ choices: [] });
  });
});
