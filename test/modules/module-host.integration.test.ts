import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import { findBuiltFile } from '../../modules/built-file.ts';
import { createModuleHost, type ModuleHostOptions } from '../../modules/create-module-host.ts';

function bundle(source: string) {
  return { digest: `sha256:${createHash('sha256').update(source).digest('hex')}`, source };
}

async function withHost<T>(
  options: ModuleHostOptions,
  use: (host: ReturnType<typeof createModuleHost>) => Promise<T>,
): Promise<T> {
  const host = createModuleHost(options);
  try {
    return await use(host);
  } finally {
    await host.close();
  }
}

async function failureOf(promise: Promise<unknown>): Promise<EvaluationError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EvaluationError);
  return error as EvaluationError;
}

const long = { timeoutMs: 20_000 };
/** Loops for ever on the argument "loop", else answers after 100 ms. */
const sometimesEndless = bundle(`export default async ({ text }) => {
  if (text === 'loop') for (;;) {}
  await new Promise((resolve) => setTimeout(resolve, 100));
  return text;
}`);

describe('module host', () => {
  it('calls an async export with one argument and gives its JSON back', async () => {
    await withHost({ threads: 1 }, async (host) => {
      const module = bundle('export const greet = async ({ name }) => ({ text: `Hello ${name}`, none: undefined });');
      expect(await host.call(module, 'greet', { name: 'Ada' }, long)).toEqual({ text: 'Hello Ada' });
    });
  });

  it('lets waiting calls share a thread', async () => {
    await withHost({ threads: 1 }, async (host) => {
      await host.check(sometimesEndless, 'default');
      const start = performance.now();
      const texts = Array.from({ length: 40 }, (_, index) => `call ${index}`);
      expect(await Promise.all(texts.map((text) => host.call(sometimesEndless, 'default', { text }, long)))).toEqual(
        texts,
      );
      expect(performance.now() - start).toBeLessThan(2_000);
    });
  });

  it('ends an endless loop as an error of that call alone', async () => {
    await withHost({ threads: 1 }, async (host) => {
      const others = ['a', 'b', 'c'].map((text) => host.call(sometimesEndless, 'default', { text }, long));
      const loop = failureOf(host.call(sometimesEndless, 'default', { text: 'loop' }, { timeoutMs: 200 }));
      const error = await loop;
      expect(error.code).toBe('module-failed');
      expect(error.message).toContain('0.2 s');
      expect(await Promise.all(others)).toEqual(['a', 'b', 'c']);
      expect(await host.call(sometimesEndless, 'default', { text: 'after' }, long)).toBe('after');
    });
  });

  it('finds the loop that starts after an await', async () => {
    const module = bundle(`export default async ({ text }) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (text === 'loop') for (;;) {}
      return text;
    }`);
    await withHost({ threads: 1 }, async (host) => {
      const calls = ['a', 'loop', 'b'].map((text) => host.call(module, 'default', { text }, { timeoutMs: 400 }));
      const [a, loop, b] = await Promise.allSettled(calls);
      expect([a, b]).toEqual([
        { status: 'fulfilled', value: 'a' },
        { status: 'fulfilled', value: 'b' },
      ]);
      expect(loop).toMatchObject({ status: 'rejected', reason: { code: 'module-failed' } });
    });
  });

  it('ends a call that never settles without touching its thread', async () => {
    const module = bundle(
      `let calls = 0; export default ({ wait }) => { calls++; return wait ? new Promise(() => {}) : calls; }`,
    );
    await withHost({ threads: 1 }, async (host) => {
      const error = await failureOf(host.call(module, 'default', { wait: true }, { timeoutMs: 50 }));
      expect(error.message).toContain('longer than 0.05 s');
      expect(await host.call(module, 'default', { wait: false }, long)).toBe(2);
    });
  });

  it('gives the function a signal that fires at the time-out', async () => {
    const module = bundle(`let aborted = 0; export default ({ ask, signal }) => ask ? aborted : new Promise(() => {
      signal.addEventListener('abort', () => { aborted++; });
    });`);
    await withHost({ threads: 1 }, async (host) => {
      await failureOf(host.call(module, 'default', { ask: false }, { timeoutMs: 20 }));
      expect(await host.call(module, 'default', { ask: true }, long)).toBe(1);
    });
  });

  it('does not count the time for which a call waits behind others that compute', async () => {
    const module = bundle(
      `export default () => { const end = Date.now() + 300; while (Date.now() < end); return 'done'; }`,
    );
    await withHost({ threads: 1 }, async (host) => {
      const calls = Array.from({ length: 6 }, () => host.call(module, 'default', {}, { timeoutMs: 900 }));
      expect(await Promise.all(calls)).toEqual(Array.from({ length: 6 }, () => 'done'));
    });
  });

  it.each([
    ['an exit', 'process.exit(3)', 'exit code 3'],
    ['an exit after an await', 'await null; process.exit(3)', 'exit code 3'],
    ['an error in a timer', `await new Promise(() => setTimeout(() => { throw new Error('late') }, 10))`, 'late'],
    ['a rejection that nobody handles', `Promise.reject(new Error('lost')); await new Promise(() => {})`, 'lost'],
    ['too much memory', 'const all = []; for (;;) all.push(new Array(100_000).fill(Math.random()))', '64 MB'],
    ['a signal to the process', 'process.kill(process.pid)', 'not available'],
  ])('survives %s and ends that call alone', async (_title, code, said) => {
    const module = bundle(`export default async ({ text }) => { if (text === 'die') { ${code} }
      await new Promise((resolve) => setTimeout(resolve, 50)); return text; }`);
    await withHost({ threads: 2, memoryLimitMb: 64 }, async (host) => {
      const texts = ['a', 'die', 'b', 'c'];
      const [a, die, b, c] = await Promise.allSettled(
        texts.map((text) => host.call(module, 'default', { text }, long)),
      );
      expect([a, b, c].map((result) => result?.status === 'fulfilled' && result.value)).toEqual(['a', 'b', 'c']);
      expect(die).toMatchObject({
        status: 'rejected',
        reason: { code: 'module-failed', message: expect.stringContaining(said) },
      });
      expect(await host.call(module, 'default', { text: 'after' }, long)).toBe('after');
    });
  });

  it('tries a call again at most once when its thread dies', async () => {
    const module = bundle(`import { appendFileSync } from 'node:fs';
      export default async ({ text, file }) => { appendFileSync(file, text); await null;
        if (text !== 'x') process.exit(1);
        await new Promise((resolve) => setTimeout(resolve, 30)); return text; }`);
    const { mkdtempSync, readFileSync, rmSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    const folder = mkdtempSync(`${tmpdir()}/stet-test-`);
    const file = `${folder}/calls`;
    try {
      await withHost({ threads: 1 }, async (host) => {
        const results = await Promise.allSettled(
          ['a', 'b', 'x'].map((text) => host.call(module, 'default', { text, file }, long)),
        );
        expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'fulfilled']);
      });
      const calls = readFileSync(file, 'utf8');
      for (const text of ['a', 'b', 'x']) expect(calls.split(text).length - 1).toBeLessThanOrEqual(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('keeps the status and the message of what the function throws', async () => {
    const module = bundle(`export default () => { throw Object.assign(new Error('slow down'), { status: 429 }); }`);
    await withHost({ threads: 1 }, async (host) => {
      const error = await failureOf(host.call(module, 'default', {}, long));
      expect(error).toMatchObject({ code: 'module-failed', cause: { status: 429, message: 'slow down' } });
    });
  });

  it('shows the function neither environment nor arguments of the process', async () => {
    const module = bundle(
      'export default () => ({ environment: { ...process.env }, arguments: process.argv.slice(2) });',
    );
    await withHost({ threads: 1 }, async (host) => {
      expect(await host.call(module, 'default', {}, long)).toEqual({ environment: {}, arguments: [] });
    });
  });

  it.each<[string, string]>([
    ['nothing', 'undefined'],
    ['a function', '() => 1'],
    ['a big integer', '10n'],
    ['a cycle', '(() => { const a = {}; a.a = a; return a; })()'],
  ])('refuses %s as a result', async (_title, expression) => {
    await withHost({ threads: 1 }, async (host) => {
      const error = await failureOf(host.call(bundle(`export default () => (${expression});`), 'default', {}, long));
      expect(error.code).toBe('module-failed');
      expect(error.cause).toBeUndefined();
    });
  });

  it.each([
    ['a missing export', 'export const answer = () => 1;', 'It exports "answer".'],
    ['an export that is no function', 'export default 3;', 'not a function'],
    ['code that throws while it loads', `throw new Error('no luck');`, 'no luck'],
    ['code that never finishes loading', 'for (;;) {}', '0.3 s'],
  ])('says before anything runs that a module has %s', async (_title, source, said) => {
    await withHost({ threads: 1, loadTimeoutMs: 300 }, async (host) => {
      const error = await failureOf(host.check(bundle(source), 'default'));
      expect(error.code).toBe('module-invalid');
      expect(error.message).toContain(said);
    });
  });

  it('gives a call up when its signal fires', async () => {
    await withHost({ threads: 1 }, async (host) => {
      const controller = new AbortController();
      const call = failureOf(
        host.call(
          bundle('export default () => new Promise(() => {});'),
          'default',
          {},
          { ...long, signal: controller.signal },
        ),
      );
      controller.abort();
      expect((await call).message).toContain('given up');
    });
  });

  it('loses no call under a mixed load', async () => {
    const module = bundle(`export default async ({ number }) => {
      if (number % 50 === 7) process.exit(1);
      if (number % 3 === 0) await new Promise((resolve) => setTimeout(resolve, number % 10));
      return number * 2;
    }`);
    await withHost({ threads: 2 }, async (host) => {
      const numbers = Array.from({ length: 200 }, (_, index) => index);
      const results = await Promise.allSettled(numbers.map((number) => host.call(module, 'default', { number }, long)));
      for (const [number, result] of results.entries()) {
        if (number % 50 === 7) expect(result.status).toBe('rejected');
        else expect(result).toEqual({ status: 'fulfilled', value: number * 2 });
      }
    });
  });

  it('prints nothing of what functions print, and lets the process end although it was not closed', () => {
    const script = `
      const { createModuleHost } = await import(${JSON.stringify(findBuiltFile('modules/create-module-host.js').href)});
      const source = \`export default () => { console.log('noise'); console.error('noise'); process.stdout.write('noise'); return 1; }\`;
      console.log('got', await createModuleHost().call({ digest: 'd', source }, 'default', {}, { timeoutMs: 5_000 }));`;
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 10_000,
    });
    expect({ status: result.status, stdout: result.stdout, stderr: result.stderr }).toEqual({
      status: 0,
      stdout: 'got 1\n',
      stderr: '',
    });
  });

  it('ends what is waiting when it is closed', async () => {
    const host = createModuleHost({ threads: 1 });
    const module = bundle('export default () => new Promise(() => {});');
    const calls: Promise<JsonValue>[] = Array.from({ length: 70 }, () => host.call(module, 'default', {}, long));
    const failures = calls.map(failureOf);
    await sleepFor(0);
    await host.close();
    for (const error of await Promise.all(failures)) expect(error.message).toContain('closed');
  });
});
