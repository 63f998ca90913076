import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import type { SampleDocument } from '../../client/stet.ts';
import { FakeContext, makeRun, makeSummary, makeTask } from './fake-stet.ts';

async function run(commandLine: string, prepare: (context: FakeContext) => void = () => {}) {
  const context = new FakeContext(commandLine);
  prepare(context);
  const exitCode = await runProgram(context, '1.2.3');
  return { exitCode, context };
}

function makeSample(index: number, isCorrect: boolean): SampleDocument {
  const base = { sample_index: index, sample_id: `row-${index}`, attempt: 1 };
  const score = { values: { is_correct: isCorrect }, metadata: {} };
  return {
    task: 'answers',
    sample_id: base.sample_id,
    sample_index: index,
    sample: { question: 'Q' },
    solved: { ...base, trials: [] },
    scored: { ...base, trials: [], scores: { includes: score }, action_records: [], errors: [] },
  };
}

describe('show', () => {
  it('prints the document of a run with --json', async () => {
    const { context } = await run('show latest --json');
    expect(JSON.parse(context.output)).toEqual(makeRun());
  });

  it('lists the samples of a task that were scored false', async () => {
    const { context } = await run('show latest answers', (fake) => {
      fake.stet.sampleDocuments = [makeSample(0, true), makeSample(1, false), makeSample(2, true)];
    });
    expect(context.output).toContain('Samples scored false');
    expect(context.output).toMatch(/^row-1 +is_correct=false/m);
    expect(context.output).not.toMatch(/^row-0/m);
    expect(context.output).toContain('stet show aaaabbbb answers row-1');
  });

  it('lists the first samples where nothing stands out, twenty at most', async () => {
    const { context } = await run('show latest answers', (fake) => {
      fake.stet.sampleDocuments = Array.from({ length: 30 }, (_, index) => makeSample(index, true));
    });
    expect(context.output).toContain('First samples');
    expect(context.output.match(/^row-/gm)).toHaveLength(20);
    expect(context.output).toContain('More samples: stet show aaaabbbb answers --samples');
  });

  it('pages through the samples that an expression fits, and says how to see more', async () => {
    const context = new FakeContext('show latest answers --limit 2 --skip 1');
    context.commandLine = [...context.commandLine, '--where', "sample.topic == 'hours'"];
    context.stet.sampleDocuments = Array.from({ length: 4 }, (_, index) => makeSample(index, true));
    expect(await runProgram(context, '1.2.3')).toBe(0);
    expect(context.stet.asked).toContainEqual({
      samples: 'aaaabbbb00000000',
      task: 'answers',
      where: "sample.topic == 'hours'",
    });
    expect(context.output.match(/^row-\d/gm)).toEqual(['row-1', 'row-2']);
    expect(context.output).toContain(
      `2 to 3 of those that fit; more: stet show aaaabbbb answers --where "sample.topic == 'hours'" --limit 2 --skip 3`,
    );
  });

  it('prints a page of samples as one JSON document', async () => {
    const { context } = await run('show latest answers --samples --json', (fake) => {
      fake.stet.sampleDocuments = [makeSample(0, true), makeSample(1, false)];
    });
    expect(JSON.parse(context.output)).toMatchObject({
      task: 'answers',
      where: null,
      skip: 0,
      has_more: false,
      samples: [{ sample_id: 'row-0' }, { sample_id: 'row-1' }],
    });
  });

  it('refuses to filter a run or one sample', async () => {
    const { exitCode, context } = await run('show latest --where errors');
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain('"stet show latest TASK --samples"');
  });

  it('prints one sample as one JSON document', async () => {
    const { context } = await run('show latest answers row-1 --json', (fake) => {
      fake.stet.sampleDocuments = [makeSample(0, true), makeSample(1, false)];
    });
    expect(JSON.parse(context.output)).toMatchObject({ run: 'aaaabbbb00000000', task: 'answers', sample_id: 'row-1' });
  });

  it('names the nearest task and exits with 2 when there is none of that key', async () => {
    const { exitCode, context } = await run('show latest answer', (fake) => {
      fake.stet.runDocument = makeRun({ tasks: [makeTask(), makeTask({ key: 'judged' })] });
    });
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain('Did you mean "answers"?');
  });

  it('exits with 2 when a task has no sample of that id', async () => {
    const { exitCode, context } = await run('show latest answers nobody');
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain('has no sample "nobody"');
  });
});

describe('list', () => {
  it('prints the runs in one document with --json', async () => {
    const { context } = await run('list --json', (fake) => {
      fake.stet.summaries = [makeSummary()];
    });
    expect(JSON.parse(context.output)).toEqual({ runs: [makeSummary()] });
  });

  it('says how to begin where there is nothing', async () => {
    const { exitCode, context } = await run('list');
    expect(exitCode).toBe(0);
    expect(context.output).toContain('stet run -f FILE');
  });
});

describe('cancel', () => {
  it('cancels an open run and says how to go on', async () => {
    const { exitCode, context } = await run('cancel aaaa', (fake) => {
      fake.stet.runDocument = makeRun({ status: 'running', ended_at: null });
    });
    expect(exitCode).toBe(0);
    expect(context.stet.asked).toContainEqual({ cancel: 'aaaabbbb00000000' });
    expect(context.output).toContain('stet resume aaaabbbb');
  });

  it('leaves a run that has ended as it is', async () => {
    const { exitCode, context } = await run('cancel latest');
    expect(exitCode).toBe(0);
    expect(context.stet.asked).toEqual([{ show: 'latest' }]);
    expect(context.output).toContain('had ended before: completed');
  });
});
