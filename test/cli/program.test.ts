import { describe, expect, it } from 'vitest';
import { commandEntries } from '../../cli/commands.ts';
import { runProgram } from '../../cli/program.ts';
import { ConfigurationError, EvaluationError } from '../../contracts/evaluation-error.ts';
import { FakeContext, makePlan, makePlanTask } from './fake-stet.ts';

async function run(commandLine: string, prepare: (context: FakeContext) => void = () => {}) {
  const context = new FakeContext(commandLine);
  prepare(context);
  const exitCode = await runProgram(context, '1.2.3');
  return { exitCode, context };
}

const shownEntries = commandEntries.filter(({ isHidden }) => isHidden !== true);

describe('the program', () => {
  it('lists every command in its help and loads none of them', async () => {
    const { exitCode, context } = await run('--help');
    expect(exitCode).toBe(0);
    const help = context.output.replace(/\s+/g, ' ');
    for (const { summary } of shownEntries) expect(help).toContain(summary);
    expect(help).not.toContain('__complete');
    expect(context.errorOutput).toBe('');
  });

  it('prints its version', async () => {
    const { exitCode, context } = await run('--version');
    expect(exitCode).toBe(0);
    expect(context.output).toBe('1.2.3\n');
  });

  it.each(shownEntries.map((entry) => entry.name))('shows two examples or more in the help of %s', async (name) => {
    const { exitCode, context } = await run(`${name} --help`);
    expect(exitCode).toBe(0);
    const shown = context.output.split('Examples:\n')[1]?.match(new RegExp(`^  stet ${name}\\b`, 'gm')) ?? [];
    expect(shown.length).toBeGreaterThanOrEqual(2);
  });

  it('gives the same help through "help COMMAND"', async () => {
    const { exitCode, context } = await run('help run');
    expect(exitCode).toBe(0);
    expect(context.output).toContain('--cache-policy');
  });

  it('names the nearest command for a typing error and exits with 2', async () => {
    const { exitCode, context } = await run('rnu -f x.yaml');
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain('Did you mean run?');
    expect(context.output).toBe('');
  });

  it('names the nearest option for a typing error and exits with 2', async () => {
    const { exitCode, context } = await run('run -f x.yaml --frosen');
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain('--frozen');
  });

  it.each([
    'run',
    'plan -f x.yaml --set novalue',
    'plan -f x.yaml --set n=1e999',
    'plan -f x.yaml --set n=12345678901234567890',
    'plan -f x.yaml --num-samples 0',
    'plan -f x.yaml --cache-policy never',
    'run -f x.yaml --max-queries 0',
    'run -f x.yaml --max-cost free',
    'run -f x.yaml --max-cost -1',
    'run -f x.yaml --max-tokens 1.5',
    'resume latest --max-duration 10',
    'list --limit none',
    'run x.yaml',
    'show',
  ])('exits with 2 for "%s" and opens nothing', async (commandLine) => {
    const { exitCode, context } = await run(commandLine);
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain('error:');
    expect(context.openedWith).toBeUndefined();
  });

  it('keeps to one JSON document on standard output when the usage is wrong', async () => {
    const { exitCode, context } = await run('run --json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(context.output)).toMatchObject({ error: { code: 'usage' } });
  });
});

describe('overrides on the command line', () => {
  it('hands everything to the library, values read as the run file would read them', async () => {
    const { context } = await run(
      'plan -f x.yaml --set a.b=3 --set c=true --set d=yes --set e= --set f=[1,x] --set g=a=b --only t,u --only v ' +
        '--num-samples 5 --cache-policy update --env other.env --verify-data',
    );
    expect(context.stet.asked[0]).toEqual({
      plan: 'x.yaml',
      options: {
        set: [
          { path: 'a.b', value: 3 },
          { path: 'c', value: true },
          { path: 'd', value: 'yes' },
          { path: 'e', value: null },
          { path: 'f', value: [1, 'x'] },
          { path: 'g', value: 'a=b' },
        ],
        only: ['t', 'u', 'v'],
        numSamples: 5,
        cachePolicy: 'update',
        envFile: 'other.env',
        verifyData: true,
      },
    });
  });

  it('hands over what a run may spend, in units of the run file', async () => {
    const { context } = await run(
      'plan -f x.yaml --max-queries 9 --max-cost $2.50 --max-tokens 1000 --max-duration 30m',
    );
    expect(context.stet.asked[0]).toEqual({
      plan: 'x.yaml',
      options: { maxQueries: 9, maxCost: 2.5, maxTokens: 1_000, maxDurationS: 1_800 },
    });
  });

  it('takes the cache policy from STET_CACHE_POLICY, and the option beats it', async () => {
    const withEnvironment = (context: FakeContext) => {
      context.environment['STET_CACHE_POLICY'] = 'no-cache';
    };
    const fromEnvironment = await run('plan -f x.yaml', withEnvironment);
    expect(fromEnvironment.context.stet.asked[0]).toMatchObject({ options: { cachePolicy: 'no-cache' } });
    const fromOption = await run('plan -f x.yaml --cache-policy reuse', withEnvironment);
    expect(fromOption.context.stet.asked[0]).toMatchObject({ options: { cachePolicy: 'reuse' } });
  });

  it('refuses a STET_CACHE_POLICY that is none', async () => {
    const { exitCode, context } = await run('plan -f x.yaml', (fake) => {
      fake.environment['STET_CACHE_POLICY'] = 'sometimes';
    });
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toContain('STET_CACHE_POLICY is "sometimes"');
  });
});

describe('errors', () => {
  const problems = new ConfigurationError([
    new EvaluationError('config-unknown-key', 'Unknown key "scorer".', {
      hint: 'Did you mean "scorers"?',
      location: { file: '/somewhere/evaluations/run.yaml', line: 12, column: 7 },
    }),
    new EvaluationError('config-file-missing', 'There is no file "rows.csv".', {
      location: { file: '/elsewhere/data.yaml', line: 3 },
    }),
  ]);

  it('prints every problem of a configuration with place, code and hint, without a stack, and exits with 2', async () => {
    const { exitCode, context } = await run('run -f x.yaml', (fake) => {
      fake.stet.runError = problems;
    });
    expect(exitCode).toBe(2);
    expect(context.errorOutput).toBe(
      'evaluations/run.yaml:12:7: error: Unknown key "scorer". [config-unknown-key]\n' +
        '  Did you mean "scorers"?\n' +
        '/elsewhere/data.yaml:3: error: There is no file "rows.csv". [config-file-missing]\n' +
        '2 problems; nothing was started.\n',
    );
    expect(context.output).toBe('');
    expect(context.stet.isClosed).toBe(true);
  });

  it('prints them as one JSON document with --json', async () => {
    const { exitCode, context } = await run('validate -f x.yaml --json', (fake) => {
      fake.stet.planError = problems;
    });
    expect(exitCode).toBe(2);
    expect(JSON.parse(context.output)).toMatchObject({
      error: { problems: [{ code: 'config-unknown-key', line: 12, column: 7 }, { code: 'config-file-missing' }] },
    });
  });

  it('exits with 1 for what nobody foresaw and says how to see the stack', async () => {
    const { exitCode, context } = await run('plan -f x.yaml', (fake) => {
      fake.stet.planError = new TypeError('a is not iterable');
    });
    expect(exitCode).toBe(1);
    expect(context.errorOutput).toBe(
      'Unexpected error: a is not iterable\n  Set STET_DEBUG=1 to see where it came from.\n',
    );
  });

  it('shows stack and cause when STET_DEBUG is 1', async () => {
    const { context } = await run('plan -f x.yaml', (fake) => {
      fake.environment['STET_DEBUG'] = '1';
      fake.stet.planError = new Error('outer', { cause: new Error('inner') });
    });
    expect(context.errorOutput).toMatch(/Error: outer\n\s+at .*\n[\s\S]*caused by Error: inner/);
  });

  it.each([
    ['run-not-found', 2],
    ['store-failed', 1],
    ['frozen', 3],
  ] as const)('gives %s the exit code %i', async (code, expected) => {
    const { exitCode } = await run('run -f x.yaml', (fake) => {
      fake.stet.runError = new EvaluationError(code, 'No.');
    });
    expect(exitCode).toBe(expected);
  });
});

describe('plan', () => {
  it('exits with 0 although work would run, and with 4 when asked for it', async () => {
    expect((await run('plan -f x.yaml')).exitCode).toBe(0);
    expect((await run('plan -f x.yaml --exit-code')).exitCode).toBe(4);
  });

  it('exits with 0 under --exit-code when everything stands', async () => {
    const { exitCode } = await run('plan -f x.yaml --exit-code', (fake) => {
      fake.stet.planDocument = makePlan({ tasks: [makePlanTask({ reuse: 'full' })] });
    });
    expect(exitCode).toBe(0);
  });

  it('prints the plan document with --json and nothing else on standard output', async () => {
    const { context } = await run('plan -f x.yaml --json');
    expect(JSON.parse(context.output)).toEqual(makePlan());
  });
});

describe('validate', () => {
  it('says that a file is valid, and what is in it', async () => {
    const { exitCode, context } = await run('validate -f x.yaml');
    expect(exitCode).toBe(0);
    expect(context.output).toBe('x.yaml is valid: evaluation quickstart, 1 task, 200 samples.\n');
  });
});

describe('doctor', () => {
  it('exits with 1 when a check fails, with the hint beside it', async () => {
    const { exitCode, context } = await run('doctor', (fake) => {
      fake.diagnoses = [
        { name: 'Node.js', ok: true, detail: '20.20.2' },
        { name: 'Temporal CLI', ok: false, detail: 'not found', hint: 'Set STET_TEMPORAL_CLI.' },
      ];
    });
    expect(exitCode).toBe(1);
    expect(context.output).toBe(
      'ok    Node.js       20.20.2\nFAIL  Temporal CLI  not found\n      Set STET_TEMPORAL_CLI.\n1 check failed.\n',
    );
  });

  it('prints one document with --json', async () => {
    const { exitCode, context } = await run('doctor --json', (fake) => {
      fake.diagnoses = [{ name: 'Node.js', ok: true, detail: '20.20.2' }];
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(context.output)).toEqual({
      ok: true,
      checks: [{ name: 'Node.js', ok: true, detail: '20.20.2' }],
    });
  });
});
