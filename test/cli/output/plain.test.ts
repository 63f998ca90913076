import { describe, expect, it } from 'vitest';
import { runProgram } from '../../../cli/program.ts';
import type { TaskProgressEvent } from '../../../client/stet.ts';
import { FakeContext, makePlan, makePlanTask, makeRun, makeSummary, makeTask } from '../fake-stet.ts';
import { makeSample } from '../reports/samples.ts';

const progress: TaskProgressEvent = {
  key: 'answers',
  taskResultId: 'tr0000000001',
  status: 'running',
  stage: 'solve',
  done: 50,
  total: 200,
  errors: 0,
  queriesPerSecond: 25,
  etaMs: 6000,
  waitsFor: null,
};

/** What a terminal gets, on both streams. */
async function show(commandLine: string, environment: Record<string, string> = {}): Promise<string> {
  const context = new FakeContext(commandLine, { isTTY: true, columns: 40, rows: 24 });
  context.environment = environment;
  const { stet } = context;
  stet.planDocument = makePlan({ tasks: [makePlanTask(), makePlanTask({ key: 'other', reuse: 'full', why: [] })] });
  stet.runDocument = makeRun({
    tasks: [
      makeTask({ samples: { total: 200, errors: 1, excluded_from_metrics: 0 }, metrics: { accuracy: null } }),
      makeTask({ key: 'other', started_at: null, ended_at: null }),
    ],
  });
  stet.summaries = [makeSummary(), makeSummary({ run: 'ccccdddd00000000', status: 'running', ended_at: null })];
  stet.sampleDocuments = [makeSample({ scores: { exact: { values: { is_correct: null }, metadata: {} } } })];
  stet.events = [
    { type: 'planned', plan: stet.planDocument, runId: stet.runDocument.run, attached: false },
    { type: 'progress', tasks: [progress] },
    { type: 'progress', tasks: [{ ...progress, status: 'completed', stage: null, done: 200 }] },
  ];
  context.diagnoses = [
    { name: 'Store', ok: true, detail: 'latest run' },
    { name: 'Temporal', ok: false, detail: 'no answer', hint: 'Start it.' },
  ];
  await runProgram(context, '1.2.3');
  return context.output + context.errorOutput;
}

const commandLines = [
  'run -f run.yaml',
  'plan -f run.yaml',
  'list',
  'show latest',
  'show latest answers',
  'show latest answers sample-1',
  'resume latest',
  'watch',
  'cache ls',
  'cache verify',
  'schedule list',
  'doctor',
];

describe('plain output', () => {
  it.each(commandLines)('of "%s" has no colours, no signs but ASCII, and redraws nothing', async (commandLine) => {
    const text = await show(`${commandLine} --plain`);
    expect(text).not.toBe('');
    expect(text).toMatch(/^[\n -~]*$/);
    // Two blanks within a line are a table's, or a list's, columns.
    expect(text).not.toMatch(/\S {2,}\S/);
  });

  it('says one fact a line', async () => {
    expect(await show('show latest --plain')).toContain(
      'task: other\nstatus: completed\nreuse: none\nsamples: 200\nerrors: 0\nsent: 200\nsaved: 0\ntime: none\n',
    );
    expect(await show('run -f run.yaml --plain')).toContain(
      'answers: solve 50 of 200, 25 queries per second, 6 s left\nanswers: completed\n',
    );
  });

  it('is what STET_PLAIN=1 asks for, of every command, and beats FORCE_COLOR', async () => {
    const asked = await show('show latest --plain');
    expect(await show('show latest', { STET_PLAIN: '1', FORCE_COLOR: '1' })).toBe(asked);
    expect(await show('show latest')).not.toBe(asked);
  });

  it('holds for errors of the usage, too', async () => {
    expect(await show('show --plain')).toMatch(/^[\n -~]*$/);
  });
});
