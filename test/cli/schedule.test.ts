import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import type { AlertFinding } from '../../contracts/alert-finding.ts';
import { makeSchedule } from './fake-schedules.ts';
import { FakeContext, makeRun } from './fake-stet.ts';

async function runCommand(
  commandLine: string,
  words: readonly string[],
  prepare: (context: FakeContext) => void = () => {},
) {
  const context = new FakeContext(commandLine);
  context.commandLine = [...context.commandLine, ...words];
  prepare(context);
  const code = await runProgram(context, '1.2.3');
  return { code, context };
}

const fired: AlertFinding = {
  alert: 'accuracy < -0.02',
  task: 'plain',
  metric: 'accuracy',
  verdict: 'fired',
  value: 0.6,
  baseline_run: 'earlier',
  baseline_value: 0.8,
  difference: { estimate: -0.2, interval: [-0.3, -0.1], pairs: 200, method: 'agresti-min' },
  sentence: 'accuracy of plain differs by -0.2 (95 % from -0.3 to -0.1, 200 samples) from run earlier.',
};

describe('schedule add', () => {
  it('passes everything on and says what a schedule of an embedded server needs', async () => {
    const { code, context } = await runCommand(
      'schedule add -f run.yaml --timezone Europe/Berlin --jitter 5m --overlap buffer-one --catch-up 2h --cache-policy update',
      ['--cron', '0 3 * * *', '--alert', 'accuracy < -0.02', '--baseline', 'first', '--notify', 'http://127.0.0.1:1/'],
    );
    expect(code).toBe(0);
    expect(context.stet.asked[0]).toMatchObject({
      add: 'run.yaml',
      options: {
        timing: { cron: '0 3 * * *' },
        timezone: 'Europe/Berlin',
        jitterMs: 300_000,
        overlap: 'buffer-one',
        catchUpMs: 7_200_000,
        cachePolicy: 'update',
        alerts: ['accuracy < -0.02'],
        baseline: 'first',
        notify: { url: 'http://127.0.0.1:1/' },
      },
    });
    expect(context.output).toContain('fires only while a server runs');
    expect(context.output).toContain('stet up');
  });

  it.each([
    ['neither', []],
    ['both', ['--cron', '@daily', '--every', '6h']],
  ])('refuses %s of --cron and --every', async (_, words) => {
    const { code, context } = await runCommand('schedule add -f run.yaml', words);
    expect(code).toBe(2);
    expect(context.errorOutput).toContain('exactly one of --cron and --every');
    expect(context.stet.asked).toEqual([]);
  });

  it('refuses a secret without an address to sign for', async () => {
    const { code } = await runCommand('schedule add -f run.yaml --every 6h', ['--notify-secret', '$KEY']);
    expect(code).toBe(2);
  });
});

describe('the other commands of schedules', () => {
  it('list and show what there is, with alerts that fired', async () => {
    const run = {
      run: 'nightly-2026-03-01T02:00:00Z',
      status: 'completed',
      scheduled_at: '2026-03-01T02:00:00.000Z',
      started_at: '2026-03-01T02:00:01.000Z',
      ended_at: '2026-03-01T02:00:09.000Z',
      tasks: [{ key: 'plain', status: 'completed', metrics: { accuracy: 0.6 } }],
      alerts: [fired],
    } as const;
    const schedule = makeSchedule({ runs: [run], alerts: [fired.alert], baseline: 'first', missed: 2 });
    const prepare = ({ stet }: FakeContext) => {
      stet.schedules.document = schedule;
      stet.schedules.summaries = [{ ...schedule, last_run: run }];
    };
    const list = await runCommand('schedule list', [], prepare);
    expect(list.context.output).toMatch(/nightly +quickstart +update +0 3 \* \* \* Europe\/Berlin .* 1 fired/);
    const shown = await runCommand('schedule show nightly', [], prepare);
    expect(shown.context.output).toContain('nightly-2026-03-01T02:00:00Z');
    expect(shown.context.output).toContain('accuracy 0.6000');
    expect(shown.context.output).toContain('Alert accuracy < -0.02: fired.');
    expect(shown.context.output).toContain('2 firings missed');
    const asJson = await runCommand('schedule show nightly --json', [], prepare);
    expect(JSON.parse(asJson.context.output)).toEqual(schedule);
  });

  it.each(['pause', 'resume', 'trigger', 'remove'])('%s names the schedule', async (change) => {
    const { code, context } = await runCommand(`schedule ${change} nightly --json`, []);
    expect({ code, asked: context.stet.asked }).toEqual({ code: 0, asked: [{ [change]: 'nightly' }] });
    expect(JSON.parse(context.output)).toEqual({ schedule: 'nightly' });
  });

  it('backfill takes dates and times with a zone, and nothing else', async () => {
    const { context } = await runCommand(
      'schedule backfill nightly --from 2026-03-01 --to 2026-03-02T00:00:00+01:00',
      [],
    );
    expect(context.stet.asked).toEqual([
      { backfill: 'nightly', from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-03-01T23:00:00Z') },
    ]);
    const { code } = await runCommand('schedule backfill nightly --from yesterday --to 2026-03-02', []);
    expect(code).toBe(2);
  });
});

describe('run with alerts', () => {
  it.each([
    ['fired', 3],
    ['unjudged', 3],
    ['quiet', 0],
    ['no-baseline', 0],
  ] as const)('whose alert is %s exits with %i', async (verdict, expected) => {
    const { code, context } = await runCommand('run -f run.yaml', ['--alert', fired.alert], ({ stet }) => {
      stet.runDocument = makeRun({ alerts: [{ ...fired, verdict }] });
    });
    expect(code).toBe(expected);
    expect(context.stet.asked[0]).toMatchObject({ options: { alerts: [fired.alert] } });
    expect(context.output).toContain('Alert accuracy < -0.02');
  });

  it('that failed exits with 1 whatever its alerts found', async () => {
    const { code } = await runCommand('run -f run.yaml', ['--alert', fired.alert], ({ stet }) => {
      stet.runDocument = makeRun({ status: 'failed', alerts: [fired] });
    });
    expect(code).toBe(1);
  });
});
