import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import type { PythonEntry, PythonSnippet } from '../../contracts/python-host.ts';
import { createPythonHost } from '../../python/create-python-host.ts';

const host = createPythonHost({ processes: 1, memoryLimitMb: 512 });
afterAll(() => host.close());

function snippet(source: string, place: { readonly file?: string; readonly line?: number } = {}): PythonSnippet {
  const digest = `sha256:${createHash('sha256').update(source).digest('hex')}`;
  return { digest, source, file: place.file ?? 'snippet.py', line: place.line ?? 1 };
}

async function failureOf(promise: Promise<unknown>): Promise<EvaluationError> {
  const error = await promise.then(
    (value) => expect.fail(`It brought ${JSON.stringify(value)}.`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EvaluationError);
  return error as EvaluationError;
}

const said = (text: string) => ({
  trace: {
    FORMAT: 'open_responses',
    items: [
      { type: 'message', id: '', status: 'completed', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
      { type: 'message', id: '', status: 'completed', role: 'assistant', content: [{ type: 'output_text', text }] },
    ],
  },
  raw_outputs: [{ choices: [{ message: { role: 'assistant', content: text } }] }],
  direct_ios: [],
});

async function score(source: string, answer = 'Rome'): Promise<JsonValue> {
  const argument = { sample: { capital: 'Rome', rank: 1, share: 0.5 }, solver_output: said(answer) };
  return (await host.call(snippet(source), 'scorer', argument)).value;
}

describe('a scorer in Python', () => {
  it('gets the row as a dict and the solver output with its members', async () => {
    const source = `
from latticeflow.core.dtypes import SolverOutput

def compute_scores(sample: dict, solver_output: SolverOutput) -> dict:
    text = solver_output.trace.get_last_assistant_text()
    assert type(sample["rank"]) is int and type(sample["share"]) is float
    return {"is_correct": text == sample["capital"], "turns": len(solver_output.trace.turns),
            "chat": solver_output.output["choices"][0]["message"]["content"] + solver_output.messages[0]["role"]}
`;
    expect(await score(source)).toEqual({
      scores: { is_correct: true, turns: 1, chat: 'Romeuser' },
      metadata: {},
    });
  });

  it('may be async, bring metadata, and what it prints is its log', async () => {
    const source = `
import asyncio
async def compute_scores(sample, solver_output):
    await asyncio.sleep(0)
    print("looked at", sample["capital"])
    return {"scores": {"ok": True}, "metadata": {"why": ["a", {"b": 1}]}}
`;
    const { value, log } = await host.call(snippet(source), 'scorer', {
      sample: { capital: 'x' },
      solver_output: said(''),
    });
    expect(value).toEqual({ scores: { ok: true }, metadata: { why: ['a', { b: 1 }] } });
    expect(log).toBe('looked at x\n');
  });

  it('that brings what is not finite has null, and the reason in the metadata', async () => {
    const source =
      'def compute_scores(sample, solver_output):\n    return {"a": float("nan"), "b": float("-inf"), "c": 1.0}';
    expect(await score(source)).toEqual({
      scores: { a: null, b: null, c: 1 },
      metadata: { not_finite: { a: 'nan', b: '-inf' } },
    });
  });

  it.each([
    ['return {"a": [1]}', 'put it under metadata'],
    ['return 3', 'It returned an int; a mapping from score names to values is wanted.'],
    ['return {"a": 2**53}', 'beyond 2^53 - 1 write it as text'],
    ['return {"a": object()}', 'which JSON cannot say'],
    ['return {1: 2}', 'names are text'],
    ['pass', 'It returned None'],
  ])('that does `%s` is told what is wanted', async (body, wanted) => {
    const error = await failureOf(score(`def compute_scores(sample, solver_output):\n    ${body}`));
    expect(error.code).toBe('python-failed');
    expect(error.message).toContain('`compute_scores` (snippet.py)');
    expect(error.message).toContain(wanted);
  });

  it('that raises is an error with the line and the traceback of the file that people wrote', async () => {
    const source = 'def compute_scores(sample, solver_output):\n    return half(0)\n\ndef half(n):\n    return 1 / n';
    const failing = snippet(source, { file: 'scorers/half.py', line: 41 });
    const { message } = await failureOf(host.call(failing, 'scorer', { sample: {}, solver_output: said('') }));
    expect(message.split('\n')).toEqual([
      '`compute_scores` raised ZeroDivisionError: division by zero (scorers/half.py, line 45).',
      'Traceback (most recent call last):',
      '  File "scorers/half.py", line 42, in compute_scores',
      '    return half(0)',
      ...(message.includes('^') ? ['           ^^^^^^^'] : []),
      '  File "scorers/half.py", line 45, in half',
      '    return 1 / n',
      ...(message.includes('^') ? ['           ~~^~~'] : []),
      'ZeroDivisionError: division by zero',
    ]);
  });

  it.each([
    ['exits', 'import sys\n    sys.exit(3)', 'raised SystemExit: 3'],
    ['ends its process', 'import os\n    os._exit(4)', 'it ended its process with exit code 4'],
    ['kills its process', 'import os\n    os.kill(os.getpid(), 9)', 'its process was killed'],
    ['takes too much memory', 'return {"n": len("x" * (1 << 31))}', 'used more than 512 MB of memory'],
  ])('that %s is an error of that call, and the next one is answered', async (_, body, wanted) => {
    const error = await failureOf(score(`def compute_scores(sample, solver_output):\n    ${body}`));
    expect(error.message).toContain(wanted);
    expect(await score('def compute_scores(sample, solver_output):\n    return {"ok": 1}')).toMatchObject({
      scores: { ok: 1 },
    });
  });

  it('that never comes back is ended; calls that were in the same process are carried out all the same', async () => {
    const source = `
def compute_scores(sample, solver_output):
    while sample.get("loop"): pass
    return {"n": sample["n"]}
`;
    const call = (sample: JsonValue) =>
      host.call(snippet(source), 'scorer', { sample, solver_output: said('') }, { timeoutMs: 1_000 });
    const [looping, ...others] = await Promise.allSettled([
      call({ loop: true, n: 0 }),
      ...Array.from({ length: 20 }, (_, n) => call({ n })),
    ]);
    expect(looping).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('did not come back within 1 s') },
    });
    expect(others.map((other) => other.status === 'fulfilled' && other.value.value)).toEqual(
      Array.from({ length: 20 }, (_, n) => ({ scores: { n }, metadata: {} })),
    );
  });

  it('that waits for ever is an error of that call alone', async () => {
    const source = `
import asyncio
async def compute_scores(sample, solver_output):
    await asyncio.sleep(1000)
`;
    const waiting = host.call(snippet(source), 'scorer', { sample: {}, solver_output: said('') }, { timeoutMs: 200 });
    expect((await failureOf(waiting)).message).toBe('`compute_scores` took longer than 0.2 s.');
  });

  it('has its secrets where it names them, and no error or log tells their values', async () => {
    const source = `
KEY = "<< secrets.API_KEY >>"
def compute_scores(sample, solver_output):
    print("key", KEY)
    if sample: raise ValueError("bad key " + KEY)
    return {"length": len(KEY)}
`;
    const secrets = { API_KEY: 'hush-hush' };
    const good = await host.call(snippet(source), 'scorer', { sample: {}, solver_output: said('') }, { secrets });
    expect(good).toEqual({ value: { scores: { length: 9 }, metadata: {} }, log: 'key << secrets.API_KEY >>\n' });
    const failing = host.call(snippet(source), 'scorer', { sample: { a: 1 }, solver_output: said('') }, { secrets });
    const { message } = await failureOf(failing);
    expect(message).toContain('bad key << secrets.API_KEY >>');
    expect(message).not.toContain('hush-hush');
  });

  it('sees nothing of the environment but paths', async () => {
    process.env['STET_TEST_TOKEN'] = 'hush-hush';
    const names = await score(
      'import os\ndef compute_scores(sample, solver_output):\n    return {"names": " ".join(sorted(os.environ))}',
    );
    expect(JSON.stringify(names)).toContain('PATH');
    expect(JSON.stringify(names)).not.toContain('TOKEN');
  });
});

describe('a solver in Python', () => {
  const source = `
import asyncio
async def run_solver(sample, model, trace):
    trace.append_user_message(sample["question"])
    for _ in range(2):
        response = await model.predict(trace.items)
        trace.add_model_response(response)
        if "done" in response.text: break
        trace.append_user_message("go on")
    return trace
`;
  const answerWith = (text: string) => ({
    value: {
      raw_output: { choices: [{ message: { role: 'assistant', content: text } }] },
      items: [
        {
          type: 'message',
          role: 'assistant',
          id: '',
          status: 'completed',
          content: [{ type: 'output_text', text, annotations: [] }],
        },
      ],
    },
  });

  it('asks the model through Stet, many at once in one process', async () => {
    const asked: JsonValue[] = [];
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        host.call(
          snippet(source),
          'solver',
          { sample: { question: `q${n}` } },
          {
            answer: () => async (request) => {
              asked.push(request);
              await new Promise((resolve) => setImmediate(resolve));
              return answerWith(JSON.stringify(request).includes('go on') ? `done ${n}` : 'more?');
            },
          },
        ),
      ),
    );
    expect(asked).toHaveLength(60);
    for (const [n, { value }] of results.entries()) {
      expect(value).toMatchObject({ raw_outputs: [{}, { choices: [{ message: { content: `done ${n}` } }] }] });
      expect(JSON.stringify(value)).toContain(`q${n}`);
    }
  });

  it('may catch a query that fails; one that is given up ends the call with that very error', async () => {
    const catching = `
async def run_solver(sample, model, trace):
    try:
        await model.predict([{"role": "user", "content": "x"}])
    except Exception as error:
        trace.append_user_message(type(error).__name__ + ": " + str(error))
    return trace
`;
    const answered = await host.call(
      snippet(catching),
      'solver',
      { sample: {} },
      {
        answer: () => async () => ({ failure: { type: 'model-error', message: 'no such model' } }),
      },
    );
    expect(JSON.stringify(answered.value)).toContain('ModelError: no such model');
    const abandoned = new Error('told to stop');
    const call = host.call(
      snippet(catching),
      'solver',
      { sample: {} },
      { answer: () => () => Promise.reject(abandoned) },
    );
    await expect(call).rejects.toBe(abandoned);
  });

  it('that waits for its model is not late', async () => {
    let release = () => {};
    const answered = new Promise<void>((resolve) => {
      release = resolve;
    });
    const call = host.call(
      snippet(source),
      'solver',
      { sample: { question: 'slow' } },
      {
        timeoutMs: 50,
        answer: () => async () => {
          await answered;
          return answerWith('done');
        },
      },
    );
    setTimeout(release, 400);
    expect(JSON.stringify((await call).value)).toContain('done');
  });
});

describe('other entries', () => {
  const call = async (entry: PythonEntry, source: string, argument: JsonValue) =>
    (await host.call(snippet(source), entry, argument)).value;

  it('postprocess, synthesize, compute_evidence and run_inference bring what the format says', async () => {
    expect(
      await call(
        'postprocessor',
        'def postprocess(sample, solver_output):\n    return [({**sample, "part": n}, solver_output) for n in range(2)]',
        { sample: { a: 1 }, solver_output: said('x') },
      ),
    ).toMatchObject([
      [{ a: 1, part: 0 }, { raw_outputs: [{}] }],
      [{ a: 1, part: 1 }, { trace: { FORMAT: 'open_responses' } }],
    ]);
    expect(
      await call('synthesizer', 'def synthesize(source):\n    return [{**source, "n": n} for n in (1, 2)]', {
        source: { q: 'x' },
      }),
    ).toEqual([
      { q: 'x', n: 1 },
      { q: 'x', n: 2 },
    ]);
    expect(
      await call(
        'system-task',
        'def compute_evidence():\n    return {"metrics": {"size": {"value": 3, "reason": "counted"}, "n": {"value": float("inf")}}}',
        {},
      ),
    ).toEqual({ metrics: { size: 3, n: null }, not_finite: ['n'], reasons: { size: 'counted' } });
    expect(
      await call('inference', 'async def run_inference(body, environment):\n    return body + environment["X"]', {
        body: 'a',
        environment: { X: 'b' },
      }),
    ).toBe('ab');
  });
});

describe('a check before anything is spent', () => {
  it.each([
    ['def compute_scores(sample, solver_output)\n    pass', 'snippet.py, line 1 is not Python: SyntaxError'],
    [
      'import no_such_package_here\ndef compute_scores(s, o): pass',
      "No module named 'no_such_package_here' (snippet.py, line 1)",
    ],
    ['def compute_score(s, o): pass', 'It does not define `compute_scores`. It defines `compute_score`.'],
    ['def compute_scores(sample): pass', 'wanted is `compute_scores(sample, solver_output)`'],
    ['def compute_scores(model_input, model_output): pass', '`model_input` is an older parameter of it'],
    ['compute_scores = 3', '`compute_scores` is not a function'],
  ])('finds what is wrong with %j', async (source, wanted) => {
    const error = await failureOf(host.check(snippet(source), 'scorer'));
    expect(error.code).toBe('python-invalid');
    expect(error.message).toContain(wanted);
  });

  it('accepts every entry that is right, and wants solvers to be async', async () => {
    await host.check(snippet('def compute_scores(sample, output): pass'), 'scorer');
    await host.check(snippet('def compute_scores(samples): pass'), 'all-samples-scorer');
    await host.check(snippet('async def run_solver(sample, model, trace): pass'), 'solver');
    expect((await failureOf(host.check(snippet('def run_solver(a, b, c): pass'), 'solver'))).message).toContain(
      '`async def`',
    );
  });

  it('says how to name a Python where there is none', async () => {
    const without = createPythonHost({ environment: { STET_PYTHON: 'no-such-python' } });
    const error = await failureOf(without.check(snippet('x = 1'), 'scorer'));
    expect(error).toMatchObject({ code: 'python-missing', message: 'There is no no-such-python on this machine.' });
    expect(error.hint).toContain('STET_PYTHON');
  });
});
