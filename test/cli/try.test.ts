import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import type { RescoredSampleDocument, TriedSampleDocument } from '../../client/try/try-documents.ts';
import { FakeContext, makeRescoreDocument, makeTryDocument } from './fake-stet.ts';

async function run(commandLine: string, prepare: (context: FakeContext) => void = () => {}) {
  const context = new FakeContext(commandLine);
  prepare(context);
  const exitCode = await runProgram(context, '1.2.3');
  return { exitCode, context };
}

function makeSample(isCorrect: boolean): RescoredSampleDocument {
  const base = { sample_index: 0, sample_id: 'row-0', attempt: 1 };
  const nothing = { queries: [], failed_queries: { sent: 0, retried: 0 } };
  const output = {
    trace: { FORMAT: 'open_responses' as const, items: [] },
    raw_outputs: [{ choices: [{ message: { role: 'assistant', content: 'It is Bern.' } }] }],
    direct_ios: [],
  };
  const score = { values: { is_correct: isCorrect }, metadata: { found: ['Bern'] } };
  const scored = {
    ...base,
    trials: [{ trial: 0, scorer_key: 'city', score, ...nothing }],
    scores: { city: score },
    action_records: [],
    errors: [],
  };
  return {
    task: 'answers',
    sample_id: base.sample_id,
    sample_index: 0,
    sample: { question: 'Capital?' },
    solved: { ...base, trials: [{ trial: 0, output, ...nothing }] },
    scored,
    before: scored,
    changes: [],
    unanswered: [],
  };
}

const failed: TriedSampleDocument = {
  ...makeSample(false),
  solved: {
    sample_index: 0,
    sample_id: 'row-0',
    attempt: 1,
    trials: [
      {
        trial: 0,
        output: null,
        queries: [],
        failed_queries: { sent: 1, retried: 0 },
        error: { stage: 'solver', trial: 0, error_type: 'model-error', message: 'Status 400.', hint: 'Shorten it.' },
      },
    ],
  },
  scored: null,
  unanswered: [
    {
      model_key: 'small',
      trial: 0,
      input: { messages: [{ role: 'user', content: 'Capital?' }] },
      error: { error_type: 'model-error', message: 'Status 400.' },
    },
  ],
};

describe('try', () => {
  it('hands on what is named, and shows row, scores and their metadata', async () => {
    const { exitCode, context } = await run(
      'try -f run.yaml --task t --sample 7 --sample a --set config.x=1',
      (fake) => {
        fake.stet.tryDocument = makeTryDocument({ samples: [makeSample(true)] });
      },
    );
    expect(exitCode).toBe(0);
    expect(context.stet.asked).toEqual([
      { try: 'run.yaml', task: 't', samples: ['7', 'a'], set: [{ path: 'config.x', value: 1 }] },
    ]);
    expect(context.output).toContain('question: Capital?');
    expect(context.output).toContain('is_correct: true');
    expect(context.output).toContain('found: ["Bern"]');
    expect(context.output).toContain('1 sample, no errors, 1 query sent; nothing was stored.');
  });

  it('exits with 1 where a sample has an error, and shows what was asked in vain', async () => {
    const { exitCode, context } = await run('try -f run.yaml', (fake) => {
      fake.stet.tryDocument = makeTryDocument({ samples: [failed], errors: 1 });
    });
    expect(exitCode).toBe(1);
    expect(context.output).toMatch(/Query to small \(no answer\)\n +Request\n +user: Capital\?/);
    expect(context.output).toContain('Shorten it.');
  });

  it('prints exactly its document with --json', async () => {
    const document = makeTryDocument({ samples: [makeSample(true)] });
    const { context } = await run('try -f run.yaml --json', (fake) => {
      fake.stet.tryDocument = document;
    });
    expect(JSON.parse(context.output)).toEqual(document);
  });

  it('stops at once at a signal, with the code that shells report for it', async () => {
    const { exitCode, context } = await run('try -f run.yaml', (fake) => {
      fake.stet.isEndless = true;
      fake.onOpen = () => setImmediate(() => fake.send('SIGINT'));
    });
    expect(exitCode).toBe(130);
    expect(context.errorOutput).toContain('Nothing was stored.');
    expect(context.stet.isClosed).toBe(true);
  });

  it('never breaks a line of a file, and keeps to the width of a terminal', async () => {
    const long = { ...makeSample(true), sample: { text: 'word '.repeat(40).trim() } };
    const show = async (terminal: { readonly isTTY: boolean; readonly columns: number }) => {
      const context = new FakeContext('try -f run.yaml', terminal);
      context.environment = { NO_COLOR: '1' };
      context.stet.tryDocument = makeTryDocument({ samples: [long] });
      await runProgram(context, '1.2.3');
      return Math.max(...context.output.split('\n').map((line) => line.length));
    };
    expect(await show({ isTTY: true, columns: 50 })).toBeLessThanOrEqual(50);
    expect(await show({ isTTY: false, columns: 50 })).toBeGreaterThan(200);
  });

  it.each([
    ['try', 'No run file is named.'],
    ['try -f run.yaml --where errors', '--rescore'],
    ['try --rescore latest --sample a --limit 3', '--sample names the samples'],
  ])('refuses %s with 2', async (commandLine, text) => {
    const { exitCode, context } = await run(commandLine);
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain(text);
    expect(context.stet.asked).toEqual([]);
  });
});

describe('try --rescore', () => {
  it('shows old and new scores side by side, what changed, and that no judge was asked', async () => {
    const change = { scorer_key: 'city', name: 'is_correct', trial: 0, before: true, after: false };
    const { exitCode, context } = await run('try --rescore latest --where errors --limit 5', (fake) => {
      fake.stet.rescoreDocument = makeRescoreDocument({
        samples: [
          { ...makeSample(false), changes: [change] },
          { ...makeSample(true), sample_id: 'row-1' },
        ],
        candidates: 40,
        changed: 1,
        solver_differs_in: ['dataset'],
      });
    });
    expect(exitCode).toBe(0);
    expect(context.stet.asked).toEqual([{ rescore: 'latest', where: 'errors', limit: 5 }]);
    expect(context.output).toMatch(/^row-0 +city\.is_correct +true +false +It is Bern\.$/m);
    expect(context.output).toMatch(/^row-1 +is_correct=true/m);
    expect(context.output).toContain('city.is_correct: true → false, 1 sample');
    expect(context.output).toContain('1 of 2 samples changed, no errors; no judge was asked; nothing was published.');
    expect(context.output).toContain('the file differs in dataset');
  });
});
