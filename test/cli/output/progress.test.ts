import { describe, expect, it } from 'vitest';
import { makeProgressView } from '../../../cli/output/progress.ts';
import { renderLiveLine } from '../../../cli/output/progress-line.ts';
import { makeStyle } from '../../../cli/output/style.ts';
import { textWidth } from '../../../cli/output/text.ts';
import type { TaskProgressEvent } from '../../../client/stet.ts';
import { FakeContext } from '../fake-stet.ts';

function makeProgress(change: Partial<TaskProgressEvent> = {}): TaskProgressEvent {
  return {
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
    ...change,
  };
}

const style = makeStyle({ write: () => {} }, {});

describe('a live line', () => {
  it('shows bar, stage, done of total, errors, rate and what is left', () => {
    const line = renderLiveLine(makeProgress({ errors: 2 }), { keyWidth: 7, width: 100, style });
    expect(line).toBe('answers  █████░░░░░░░░░░░░░░░  solve 50/200 · 2 errors · 25 queries/s · 6 s left');
  });

  it('names what a task waits for', () => {
    const line = renderLiveLine(makeProgress({ waitsFor: 'run abcd1234' }), { keyWidth: 7, width: 100, style });
    expect(line).toContain('waits for run abcd1234');
  });

  it.each([12, 20, 40, 60, 80])('fits into %i characters', (width) => {
    const line = renderLiveLine(makeProgress({ key: 'a-key-that-is-long', errors: 12 }), { keyWidth: 8, width, style });
    expect(textWidth(line)).toBeLessThanOrEqual(width);
  });
});

describe('progress without a terminal', () => {
  it('is one plain line per change of state, and otherwise one every five seconds at most', () => {
    const context = new FakeContext('');
    const view = makeProgressView(context);
    view.update([makeProgress({ status: 'pending', stage: null, done: 0 })]);
    expect(context.errorOutput).toBe('');
    for (let step = 0; step < 120; step += 1) {
      view.update([makeProgress({ done: step })]);
      context.clockMs += 100;
    }
    view.update([makeProgress({ stage: 'score', done: 0 })]);
    view.update([makeProgress({ status: 'completed', stage: null, done: 200 })]);
    expect(context.errorOutput.split('\n')).toEqual([
      'answers: solve 0/200, 25 queries/s, 6 s left',
      'answers: solve 50/200, 25 queries/s, 6 s left',
      'answers: solve 100/200, 25 queries/s, 6 s left',
      'answers: score 0/200, 25 queries/s, 6 s left',
      'answers: completed',
      '',
    ]);
  });

  it('says when a task begins to wait', () => {
    const context = new FakeContext('');
    const view = makeProgressView(context);
    view.update([makeProgress({ status: 'pending', stage: null, done: 0, waitsFor: 'run abcd1234' })]);
    expect(context.errorOutput).toBe('answers: waits for run abcd1234\n');
  });

  it('does not repeat every second for how long it has waited', () => {
    const context = new FakeContext('');
    const view = makeProgressView(context);
    for (let second = 0; second < 70; second++) {
      view.update([makeProgress({ waitsFor: `model small: 503 since ${second} s` })]);
      context.clockMs += 1_000;
    }
    view.update([makeProgress({ done: 51 })]);
    expect(context.errorOutput.split('\n').map((line) => line.replace(/, \d+\/.*/, ''))).toEqual([
      'answers: waits for model small: 503 since 0 s',
      'answers: waits for model small: 503 since 30 s',
      'answers: waits for model small: 503 since 60 s',
      expect.stringMatching('answers: solve 51/200'),
      '',
    ]);
  });

  it('holds no control sequences', () => {
    const context = new FakeContext('');
    const view = makeProgressView(context);
    view.update([makeProgress()]);
    view.note('A notice.');
    view.end();
    expect(context.errorOutput).not.toContain('\u001b');
  });
});

describe('progress on a terminal', () => {
  it('shows no more lines than fit, and says how many it left out', () => {
    const context = new FakeContext('', { isTTY: true, columns: 80, rows: 10 });
    const view = makeProgressView(context);
    view.update(Array.from({ length: 50 }, (_, index) => makeProgress({ key: `task-${index}` })));
    expect(context.errorOutput.match(/solve 50\/200/g)).toHaveLength(6);
    expect(context.errorOutput).toContain('44 more under way');
    view.end();
  });

  it('says what it cost so far, and what is spent of which limit, on no more lines than fit', () => {
    const context = new FakeContext('', { isTTY: true, columns: 120, rows: 10 });
    const view = makeProgressView(context);
    const tasks = Array.from({ length: 50 }, (_, index) => makeProgress({ key: `task-${index}`, costMicros: '12300' }));
    view.update(tasks, { queries: { limit: 500, used: 120 }, cost: null, tokens: null, duration_s: null });
    expect(context.errorOutput.match(/6 s left · \$0\.0123/g)).toHaveLength(5);
    expect(context.errorOutput).toContain('spent: 120 of 500 queries');
    view.end();
  });

  it('takes its lines away at the end and writes nothing afterwards', () => {
    const context = new FakeContext('', { isTTY: true, columns: 80, rows: 24 });
    const view = makeProgressView(context);
    view.update([makeProgress()]);
    view.end();
    const written = context.errorOutput.length;
    view.update([makeProgress({ done: 60 })]);
    view.setStatusLine('late');
    expect(context.errorOutput).toHaveLength(written);
    expect(context.errorOutput).toContain('\u001b[2K');
  });

  it('keeps a notice above the lines that change', () => {
    const context = new FakeContext('', { isTTY: true, columns: 80, rows: 24 });
    context.environment['NO_COLOR'] = '1';
    const view = makeProgressView(context);
    view.update([makeProgress()]);
    view.note('Once more leaves at once.');
    const afterNotice = context.errorOutput.split('Once more leaves at once.\n')[1];
    expect(afterNotice).toContain('solve 50/200');
    view.end();
  });
});
