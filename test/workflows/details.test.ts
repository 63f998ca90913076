import { describe, expect, it } from 'vitest';
import type { ProgressReport } from '../../contracts/activities.ts';
import { renderEvaluationDetails, renderTaskDetails } from '../../workflows/details.ts';

const report: ProgressReport = {
  samples: 20_000,
  solved: 12_345,
  scored: 600,
  errors: 1,
  queries: { sent: 12_400, retried: 12 },
  tasks: { pending: 3, running: 1, completed: 2 },
  waiting: 1,
  underWay: [
    { key: 'plain', samples: 10_000, solved: 12, scored: 0, errors: 1, waitsFor: null },
    { key: '<b>*loud*</b>', samples: 5, solved: 0, scored: 0, errors: 0, waitsFor: 'abcd1234' },
  ],
};

describe('the page of a run', () => {
  it('says how far it has come, what its tasks do and what they wait for', () => {
    expect(renderEvaluationDetails({ runId: 'abcdefghijkl', pausedAt: null, report })).toBe(
      [
        '**32 %** · 12,345 of 20,000 samples solved · 600 of 20,000 scored · 1 error',
        '12,400 queries sent, 12 retried · tasks: 3 pending, 1 running, 2 completed, 1 waiting for other runs',
        [
          '- **plain**: 12 of 10,000 solved · 0 scored · 1 error',
          String.raw`- **\<b\>\*loud\*\</b\>**: 0 of 5 solved · 0 scored · no errors · waits for run abcd1234`,
        ].join('\n'),
      ].join('\n\n'),
    );
  });

  it('says what it cost so far, where its models have prices', () => {
    const priced = { ...report, cost: '$0.0123' };
    expect(renderEvaluationDetails({ runId: 'abcdefghijkl', pausedAt: null, report: priced })).toContain(
      '12 retried · $0.0123 · tasks',
    );
  });

  it('says first that it is paused, and how it goes on', () => {
    const pausedAt = '2026-11-21T10:00:00.000Z';
    const text = renderEvaluationDetails({ runId: 'abcdefghijkl', pausedAt, report: null });
    expect(text).toMatch(/^\*\*paused\*\* since 2026-11-21T10:00:00.000Z: .*`stet unpause abcdefgh`/);
  });
});

describe('the page of a task result', () => {
  it('counts segments, samples, errors and queries', () => {
    const counts = { solved: 600, scored: 400, errors: 2, queries: { sent: 612, retried: 3 } };
    const segments = { done: 2, total: 50 };
    expect(renderTaskDetails({ stage: 'score', segments, samples: 10_000, counts })).toMatch(
      /^score: \*\*2\*\* of 50 segments · 400 of 10,000 samples · \*\*2 errors\*\*\n\n612 queries sent, 3 retried\./,
    );
  });
});
