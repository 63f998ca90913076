import { describe, expect, it } from 'vitest';
import { renderMarkdownReport } from '../../../cli/reports/markdown-report.ts';
import { escapeMarkdown, renderMarkdownCode } from '../../../cli/reports/markdown-text.ts';
import { makeRun, makeTask, now } from '../fake-stet.ts';

describe('the Markdown report', () => {
  it('says what came out, what it stood on and why anything had to work', () => {
    const text = renderMarkdownReport(
      makeRun({
        label: 'nightly',
        tasks: [
          makeTask({
            key: 'curt',
            reuse: 'full',
            reused_from: 'tr1',
            reused_from_run: 'abcdefgh00000000',
            reused_at: '2026-03-01T11:54:00.000Z',
            why: [],
          }),
          makeTask({ key: 'kind', metrics: { accuracy: null }, metric_reasons: { accuracy: 'no sample is left' } }),
        ],
      }),
      now,
    );
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        '### `quickstart`: completed',
        'run `aaaabbbb` (`nightly`) · policy `reuse` · 8.0 s · 200 queries sent, 0 saved by reuse',
        '| Task | Status | Reuse | Stands on | Samples | Errors | Sent | Saved |',
        '| `curt` | completed | full | run `abcdefgh`, 6 min ago | 200 | 0 | 200 | 0 |',
        '| `kind` | completed | none | – | 200 | 0 | 200 | 0 |',
        '| `curt` | `accuracy` | 0.8150 |  |',
        '| `kind` | `accuracy` | – | no sample is left |',
        '- `kind`, reuse none: There is no earlier result of this task.',
      ]),
    );
  });

  it('compares with the baseline of its alerts', () => {
    const finding = {
      alert: 'accuracy < -0.02',
      task: 'answers',
      metric: 'accuracy',
      verdict: 'fired',
      value: 0.815,
      baseline_run: 'abcdefgh00000000',
      baseline_value: 0.9,
      difference: { estimate: -0.085, interval: [-0.12, -0.05], pairs: 200, method: 'paired-t' },
      sentence: 'accuracy fell.',
    } as const;
    const text = renderMarkdownReport(makeRun({ alerts: [finding] }), now);
    expect(text).toContain('| `answers` | `accuracy` | 0.8150 | 0.9000 | −0.0850 (95 %: −0.1200 to −0.0500) |');
    expect(text).toContain('- Alert `accuracy < -0.02`: **fired**. accuracy fell.');
  });

  it('shows what failed', () => {
    const error = { code: 'model-unusable', message: 'The service said: <b>no</b> | @team' };
    const text = renderMarkdownReport(
      makeRun({ status: 'failed', tasks: [makeTask({ status: 'failed', error })] }),
      now,
    );
    expect(text).toContain('| `answers` | **failed** |');
    expect(text).toContain('&lt;b&gt;no&lt;/b&gt; \\| @&#8203;team (`model-unusable`)');
  });
});

describe('text in Markdown', () => {
  it('has no markup, breaks no table and tells nobody', () => {
    expect(escapeMarkdown('*a* _b_ `c` [d](e) a|b\n~x~ \\')).toBe(
      String.raw`\*a\* \_b\_ \`c\` \[d\](e) a\|b \~x\~ ` + '\\\\',
    );
    expect(escapeMarkdown('<script>&amp; @octocat #12 a@b')).toBe(
      '&lt;script&gt;&amp;amp; @&#8203;octocat #&#8203;12 a@&#8203;b',
    );
  });

  it('is code in a fence that it cannot close', () => {
    expect(renderMarkdownCode('a``b')).toBe('```a``b```');
    expect(renderMarkdownCode('`a`')).toBe('`` `a` ``');
    expect(renderMarkdownCode('a|b\nc')).toBe(String.raw`\`a\|b c\``.replaceAll('\\`', '`'));
  });
});
