import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import type { ResumableRun } from '../../client/stet.ts';
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

describe('a run that meets an unfinished one of the same plan', () => {
  const found: ResumableRun = {
    run: 'ccccdddd00000000',
    status: 'cancelled',
    ended_at: '2026-03-01T11:55:00.000Z',
    queries: { finished: 312, missing: 88, anew: 400 },
  };
  const meet = (commandLine: string, prepare: (context: FakeContext) => void = () => {}) =>
    run(commandLine, (fake) => {
      fake.stet.resumable = found;
      prepare(fake);
    });

  it('starts anew where nobody can be asked, and says what that forgoes', async () => {
    const { exitCode, context } = await meet('run -f x.yaml --store s');
    expect(exitCode).toBe(0);
    expect(context.stet.choice).toBe('new');
    expect(context.errorOutput).toBe(
      'Unfinished: run ccccdddd of this plan was cancelled 5 min ago, with 312 of 400 answers finished.\n' +
        'Starting anew. `stet resume ccccdddd --store s`, or --resume here, would send 88 queries in place of 400.\n',
    );
  });

  it.each([
    ['--resume', {}, 'resume'],
    ['--new', {}, 'new'],
    ['', { STET_RESUME: 'always' }, 'resume'],
    ['', { STET_RESUME: 'never' }, 'new'],
    ['--new', { STET_RESUME: 'always' }, 'new'],
    ['--resume', { STET_RESUME: 'never' }, 'resume'],
  ] as const)('is not asked about with "%s" and %j', async (option, environment, choice) => {
    const { context } = await meet(`run -f x.yaml ${option}`, (fake) => {
      fake.environment = { ...environment };
      fake.ask = () => Promise.reject(new Error('Nobody is to be asked.'));
    });
    expect(context.stet.choice).toBe(choice);
    expect(context.errorOutput).toBe('');
  });

  it.each([
    [[''], 'resume'],
    [['r'], 'resume'],
    [['n'], 'new'],
    [['what?', ' N '], 'new'],
  ] as const)('asks on a terminal: %j means %s', async (lines, choice) => {
    const typed = [...lines];
    const asked: string[] = [];
    const { context } = await meet('run -f x.yaml', (fake) => {
      fake.ask = async (question) => {
        asked.push(question);
        return typed.shift();
      };
    });
    expect(context.stet.choice).toBe(choice);
    expect(asked).toHaveLength(lines.length);
    expect(asked[0]).toBe('Resume it (88 queries to send), or start a new run (400)? [R/n] ');
  });

  it('never asks with --json: standard output belongs to the document', async () => {
    const { context } = await meet('run -f x.yaml --json', (fake) => {
      fake.ask = () => Promise.reject(new Error('Nobody is to be asked.'));
    });
    expect(context.stet.choice).toBe('new');
    expect(JSON.parse(context.output)).toEqual(makeRun());
  });

  it('starts nothing when the input ends without an answer, and exits with 2', async () => {
    const { exitCode, context } = await meet('run -f x.yaml', (fake) => {
      fake.ask = async () => undefined;
    });
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain('There was no answer; nothing was started.');
  });

  it('starts nothing when Ctrl-C answers, and exits with 130', async () => {
    const { exitCode, context } = await meet('run -f x.yaml', (fake) => {
      fake.ask = async () => {
        fake.send('SIGINT');
        return new Promise(() => {});
      };
    });
    expect(exitCode).toBe(130);
    expect(context.stet.choice).toBeUndefined();
  });

  it.each([
    ['run -f x.yaml', { STET_RESUME: 'sometimes' }, 'Set it to always or never'],
    ['run -f x.yaml --resume --new', {}, 'cannot be used with'],
  ])('exits with 2 for "%s" with %j', async (commandLine, environment, text) => {
    const { exitCode, context } = await run(commandLine, (fake) => {
      fake.environment = { ...environment };
    });
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain(text);
    expect(context.openedWith).toBeUndefined();
  });

  it('says so when --resume finds nothing to resume', async () => {
    const { exitCode, context } = await run('run -f x.yaml --resume');
    expect(exitCode).toBe(0);
    expect(context.errorOutput).toContain('No failed or cancelled run of this plan');
  });

  it('says how far the run had come that goes on', async () => {
    const { context } = await run('run -f x.yaml --resume', (fake) => {
      const queries = { finished: 312, missing: 88 };
      const planned = { type: 'planned', plan: makePlan(), runId: 'aaaabbbb00000000', attached: false } as const;
      fake.stet.events = [{ ...planned, attempt: 2, queries }];
    });
    expect(context.output).toContain('Run aaaabbbb goes on, attempt 2: 312 of 400 answers stand, 88 queries to send.');
    expect(context.output).not.toContain('Plan of');
  });
});

describe('resume', () => {
  it('takes limits without a run file, and nothing else that changes one', async () => {
    const { context } = await run('resume latest --max-cost 10 --max-queries 7');
    expect(context.stet.asked).toMatchObject([{ resume: 'latest', options: { maxCost: 10, maxQueries: 7 } }]);
    const refused = await run('resume latest --max-cost 10 --num-samples 3');
    expect(refused.exitCode).toBe(2);
    expect(refused.context.errorOutput).toContain('Name the file with -f.');
  });

  it('goes on with the run that is named', async () => {
    const { exitCode, context } = await run('resume latest --json');
    expect(exitCode).toBe(0);
    expect(context.stet.asked).toEqual([{ resume: 'latest', options: { arguments: ['resume', 'latest', '--json'] } }]);
    expect(JSON.parse(context.output)).toEqual(makeRun());
  });

  it('hands a run file on with what changes it', async () => {
    const { context } = await run('resume latest -f x.yaml --set a=1 --env other.env');
    expect(context.stet.asked).toMatchObject([
      { resume: 'latest', options: { source: 'x.yaml', set: [{ path: 'a', value: 1 }], envFile: 'other.env' } },
    ]);
  });

  it('tries the errors of a completed run again', async () => {
    const { exitCode, context } = await run('resume latest --errors', (fake) => {
      fake.stet.runDocument = makeRun({
        tasks: [makeTask({ samples: { total: 200, errors: 2, excluded_from_metrics: 0 } })],
      });
      const plan = makePlan();
      fake.stet.events = [
        {
          type: 'planned',
          plan,
          runId: 'eeeeffff00000000',
          attached: false,
          attempt: 1,
          mends: 'aaaabbbb00000000',
          queries: { finished: 198, missing: 2 },
        },
      ];
    });
    expect(exitCode).toBe(0);
    expect(context.stet.asked).toContainEqual({
      resume: 'latest',
      options: { errors: true, arguments: ['resume', 'latest', '--errors'] },
    });
    expect(context.output).toContain(
      'Run eeeeffff tries the failed samples of run aaaabbbb again: 198 of 200 answers stand, 2 queries to send.',
    );
    expect(context.output).toContain('stet resume --errors aaaabbbb (try the failed samples again)');
  });

  it('has nothing to do where a completed run has no errors, and exits with 0', async () => {
    const { exitCode, context } = await run('resume latest --errors');
    expect(exitCode).toBe(0);
    expect(context.output).toBe('Run aaaabbbb has no failed samples; there is nothing to try again.\n');
    expect(context.stet.asked).toEqual([{ show: 'latest' }]);
  });

  it.each([
    ['resume latest --errors -f x.yaml', 'do not go together'],
    ['resume latest --num-samples 5', 'Name the file with -f.'],
  ])('exits with 2 for "%s"', async (commandLine, text) => {
    const { exitCode, context } = await run(commandLine);
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain(text);
    expect(context.openedWith).toBeUndefined();
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

  it('shows the result where the run has ended while it was left', async () => {
    const { exitCode, context } = await run('run -f x.yaml', (fake) => {
      fake.stet.isEndless = true;
      fake.stet.endsWhileDrained = true;
      fake.stet.onRunning = () => fake.send('SIGTERM');
    });
    expect(exitCode).toBe(143);
    expect(context.output).toContain('Run aaaabbbb completed');
    expect(context.output).not.toContain('stays open');
  });

  it('leaves at once when another signal follows', async () => {
    const { context } = await run('run -f x.yaml', (fake) => {
      fake.stet.isEndless = true;
      fake.stet.onRunning = () => {
        fake.send('SIGTERM');
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
