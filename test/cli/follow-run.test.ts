import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { FakeContext, makePlan, makeRun, makeSummary, makeTask } from './fake-stet.ts';

async function run(commandLine: string, prepare: (context: FakeContext) => void = () => {}) {
  const context = new FakeContext(commandLine);
  context.stet.events = [{ type: 'planned', plan: makePlan(), runId: 'aaaabbbb00000000', attached: false }];
  prepare(context);
  const exitCode = await runProgram(context, '1.2.3');
  return { exitCode, context };
}

const failedRun = makeRun({
  status: 'failed',
  tasks: [
    makeTask({
      status: 'failed',
      samples: { total: 200, errors: 3, excluded_from_metrics: 0 },
      metrics_are_partial: true,
      error: { code: 'too-many-sample-errors', message: '3 of 200 samples failed; 0 may.' },
    }),
  ],
});

describe('run', () => {
  it('shows the plan, then the result, and exits with 0', async () => {
    const { exitCode, context } = await run('run -f x.yaml --label nightly');
    expect(exitCode).toBe(0);
    expect(context.output).toMatch(/^Plan of quickstart[\s\S]*Run aaaabbbb started\.[\s\S]*accuracy +0\.8150/);
    expect(context.output).toContain('Run aaaabbbb completed in 8.0 s: 200 queries sent, 0 saved by reuse.');
    expect(context.output).not.toContain('Next:');
    expect(context.stet.asked).toEqual([
      { run: 'x.yaml', options: { label: 'nightly', arguments: ['run', '-f', 'x.yaml', '--label', 'nightly'] } },
    ]);
    expect(context.stet.isClosed).toBe(true);
    expect(context.listenerCount).toBe(0);
  });

  it('exits with 1 for a failed run and says what to type next', async () => {
    const { exitCode, context } = await run('run -f x.yaml --store ./my-store', (fake) => {
      fake.stet.runDocument = failedRun;
    });
    expect(exitCode).toBe(1);
    expect(context.output).toContain('[too-many-sample-errors]');
    expect(context.output).toContain('partial: over the good samples only');
    expect(context.output).toContain('stet show aaaabbbb answers --store ./my-store');
    expect(context.output).toContain('stet resume aaaabbbb --store ./my-store');
  });

  it('exits with 1 when the run was cancelled from elsewhere', async () => {
    const { exitCode } = await run('run -f x.yaml', (fake) => {
      fake.stet.runDocument = makeRun({ status: 'cancelled' });
    });
    expect(exitCode).toBe(1);
  });

  it('writes the command lines with npx when it was called so', async () => {
    const { context } = await run('run -f x.yaml', (fake) => {
      fake.environment['npm_command'] = 'exec';
      fake.stet.runDocument = failedRun;
    });
    expect(context.output).toContain('npx stet resume aaaabbbb');
  });

  it('puts exactly one document on standard output with --json, and everything for people on standard error', async () => {
    const { context } = await run('run -f x.yaml --json');
    expect(JSON.parse(context.output)).toEqual(makeRun());
    expect(context.errorOutput).toContain('Plan of quickstart');
    expect(context.errorOutput).toContain('accuracy');
  });

  it('says that an open run was taken up', async () => {
    const { context } = await run('run -f x.yaml', (fake) => {
      fake.stet.events = [{ type: 'planned', plan: makePlan(), runId: 'aaaabbbb00000000', attached: true }];
    });
    expect(context.output).toContain('Run aaaabbbb was open; going on with it.');
  });

  it('shows what would run when --frozen keeps it from running, and exits with 3', async () => {
    const { exitCode, context } = await run('run -f x.yaml --frozen', (fake) => {
      fake.stet.runError = new EvaluationError('frozen', '200 queries would have to be sent.');
    });
    expect(exitCode).toBe(3);
    expect(context.output).toContain('Plan of quickstart');
    expect(context.errorOutput).toContain('[frozen]');
  });

  it('reports other runs that were interrupted, and continues none of them', async () => {
    const { context } = await run('run -f x.yaml', (fake) => {
      fake.stet.summaries = [
        makeSummary({ status: 'running', has_owner: false }),
        makeSummary({ run: 'ccccdddd00000000', status: 'running', has_owner: false }),
        makeSummary({ run: 'eeeeffff00000000', status: 'running', has_owner: true }),
      ];
    });
    expect(context.errorOutput).toContain('Go on: stet resume ccccdddd · end it: stet cancel ccccdddd');
    expect(context.errorOutput).not.toContain('aaaabbbb');
    expect(context.errorOutput).not.toContain('eeeeffff');
    expect(context.stet.asked).toHaveLength(1);
  });
});

describe('resume', () => {
  it('goes on with the run that is named', async () => {
    const { exitCode, context } = await run('resume latest --json');
    expect(exitCode).toBe(0);
    expect(context.stet.asked).toEqual([{ resume: 'latest' }]);
    expect(JSON.parse(context.output)).toEqual(makeRun());
  });
});

describe('signals', () => {
  it('cancels on SIGINT, shows what there is, and exits with 130', async () => {
    const { exitCode, context } = await run('run -f x.yaml --json', (fake) => {
      fake.stet.isEndless = true;
      fake.stet.onRunning = () => fake.send('SIGINT');
    });
    expect(exitCode).toBe(130);
    expect(context.stet.asked).toContain('handle.cancel');
    expect(JSON.parse(context.output)).toMatchObject({ status: 'cancelled' });
    expect(context.errorOutput).toContain('Cancelling: nothing new is sent');
    expect(context.stet.isClosed).toBe(true);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('leaves the run open on %s and exits with %i', async (signal, expected) => {
    const { exitCode, context } = await run('run -f x.yaml --json', (fake) => {
      fake.stet.isEndless = true;
      fake.stet.onRunning = () => fake.send(signal);
    });
    expect(exitCode).toBe(expected);
    expect(context.stet.asked).toContain('handle.drain');
    expect(context.stet.asked).not.toContain('handle.cancel');
    expect(JSON.parse(context.output)).toMatchObject({ status: 'running' });
    expect(context.errorOutput).toContain('Go on: stet resume aaaabbbb');
  });

  it('leaves at once on the second signal, but not on the echo of the first', async () => {
    const { context } = await run('run -f x.yaml', (fake) => {
      fake.stet.isEndless = true;
      fake.stet.onRunning = () => {
        fake.send('SIGINT');
        fake.clockMs += 5;
        fake.send('SIGINT');
        expect(fake.leftWith).toBeUndefined();
        fake.clockMs += 1000;
        fake.send('SIGINT');
      };
    });
    expect(context.leftWith).toBe(130);
  });

  it('starts nothing when the signal comes before the run', async () => {
    const { exitCode, context } = await run('run -f x.yaml --json', (fake) => {
      fake.onOpen = () => fake.send('SIGINT');
    });
    expect(exitCode).toBe(130);
    expect(context.stet.asked).toEqual([]);
    expect(context.stet.isClosed).toBe(true);
    expect(JSON.parse(context.output)).toMatchObject({ error: { code: 'interrupted' } });
  });
});
