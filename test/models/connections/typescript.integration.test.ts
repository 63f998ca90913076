import { afterAll, describe, expect, it } from 'vitest';
import { createModuleHost } from '../../../modules/create-module-host.ts';
import { ask, digestOf, failureOf, hastyClock, planModel, startModels, textOf } from '../plan-model.ts';

const host = createModuleHost({ threads: 1 });
afterAll(() => host.close());

function plan(source: string, more: { options?: object; secret?: string; request_timeout?: number } = {}) {
  const environment = more.secret === undefined ? {} : { VARIABLE: more.secret };
  const models = startModels({
    ...hastyClock,
    modules: host,
    blobs: [source],
    environment: { ...environment, OTHER: 'hidden' },
  });
  const model = planModel(
    {
      ...(more.request_timeout === undefined ? {} : { request_timeout: more.request_timeout }),
      ...(more.secret === undefined ? {} : { secrets: { TOKEN: { secret: 'TOKEN', variable: 'VARIABLE' } } }),
      generation: { temperature: 0.5 },
      config: { connection_type: 'typescript', module: './assistant.ts', options: { tone: 'curt', ...more.options } },
    },
    { module: { bundle: { digest: digestOf(source), sizeBytes: source.length }, version: digestOf(source) } },
  );
  return { models, model };
}

describe('typescript', () => {
  it('gives the function what it may see, and text becomes a chat answer', async () => {
    const { models, model } = plan(
      'export default async ({ signal, ...rest }) => JSON.stringify([typeof signal.aborted, rest]);',
      {
        secret: 'value-1',
      },
    );
    await using _models = models;
    const answer = await ask(models, model, 'Hello', { sampleId: 's7', trial: 2 });
    expect(JSON.parse(String(textOf(answer)))).toEqual([
      'boolean',
      {
        messages: [{ role: 'user', content: 'Hello' }],
        sample: { question: 'q' },
        sampleId: 's7',
        trial: 2,
        generation: { temperature: 0.5 },
        options: { tone: 'curt' },
        secrets: { TOKEN: 'value-1' },
      },
    ]);
  });

  it('passes a generic input as input and a whole output on', async () => {
    const { models, model } = plan(
      'export default ({ input, messages }) => ({ label: input.image, has: messages !== undefined });',
    );
    await using _models = models;
    expect((await ask(models, model, { input: { image: 'cat' } })).output).toEqual({ label: 'cat', has: false });
  });

  it('takes what is thrown for a final error without the secret in it', async () => {
    const { models, model } = plan(
      "export default ({ secrets }) => { throw new Error('bad token ' + secrets.TOKEN); };",
      {
        secret: 'value-1',
      },
    );
    await using _models = models;
    const error = await failureOf(ask(models, model, 'Hello'));
    expect(error).toMatchObject({ code: 'model-error', isRetryable: false, retries: 0 });
    expect(error.message).toContain('bad token ***');
    expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toContain('value-1');
  });

  it('treats a numeric status like that of a service', async () => {
    const { models, model } = plan(`let calls = 0; export default () => {
      if (calls++ < 2) throw Object.assign(new Error('slow down'), { status: 429 });
      return 'after ' + calls;
    };`);
    await using _models = models;
    const answer = await ask(models, model, 'Hello');
    expect(textOf(answer)).toBe('after 3');
    expect(answer.evidence.retries).toMatchObject([{ status: 429 }, { status: 429 }]);
  });

  it('ends an endless loop at request_timeout as an error of that sample', async () => {
    const { models, model } = plan(
      `export default ({ messages }) => { if (messages[0].content === 'loop') for (;;) {} return 'fine'; };`,
      {
        request_timeout: 0.2,
      },
    );
    await using _models = models;
    const [loop, fine] = await Promise.allSettled([ask(models, model, 'loop'), ask(models, model, 'x')]);
    expect(loop).toMatchObject({
      status: 'rejected',
      reason: { name: 'ModelError', code: 'module-failed', retries: 0 },
    });
    expect(fine.status === 'fulfilled' && textOf(fine.value)).toBe('fine');
  });
});
