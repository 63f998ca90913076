import { describe, expect, it } from 'vitest';
import { makeStyle } from '../../../cli/output/style.ts';
import { formatCostMicros, renderUsageTable } from '../../../cli/output/usage-table.ts';
import { readPrice } from '../../../evaluation/usage/cost.ts';
import { measureTrial } from '../../../evaluation/usage/measure-usage.ts';
import { addUsage, toStanding, type Usage } from '../../../evaluation/usage/usage.ts';
import { makeUsageDocuments } from '../../../evaluation/usage/usage-document.ts';

function measure(
  model: string,
  options: { readonly price?: Parameters<typeof readPrice>[0]; readonly says?: boolean },
): Usage {
  const usage = { num_prompt_tokens: 1400, num_completion_tokens: 123, num_cached_prompt_tokens: 1000 };
  const evidence = {
    started_at: '2026-11-21T10:00:00.000Z',
    duration_ms: 100,
    retries: [],
    ...(options.says === false ? {} : { usage }),
  };
  const trial = { queries: [{ output: 'x', evidence }], failed_queries: { sent: 0, retried: 0 } };
  const price = options.price === undefined ? undefined : readPrice(options.price);
  return measureTrial(trial, { key: model, version: `sha256:${model}`, price }, model === 'judge' ? 'judge' : 'solver');
}

function render(usage: Usage, width = 120): string {
  const output = { width, style: makeStyle({ write() {} }, {}), write() {} };
  return renderUsageTable(makeUsageDocuments(usage), output as unknown as Parameters<typeof renderUsageTable>[1]);
}

const small = measure('small', { price: { input: 0.15, output: 0.6, cached_input: 0.075 } });

describe('the table of usage', () => {
  it('has a row for what was sent and one for what stands, and their sums', () => {
    const judge = measure('judge', { price: { input: 2.5, output: 10 } });
    const text = render(addUsage(small, toStanding(small), judge));
    const rows = text.split('\n').map((line) => line.trim().split(/\s{2,}/));
    expect(rows).toEqual([
      ['model', 'asked by', 'queries', 'number', 'tokens in', 'cached', 'tokens out', 'cost', 'p50', 'p90', 'p99'],
      ['small', 'solver', 'sent', '1', '1,400', '1,000', '123', '$0.000209', '100 ms', '100 ms', '100 ms'],
      ['small', 'solver', 'from the cache', '1', '1,400', '1,000', '123', '$0.000209'],
      ['judge', 'judge', 'sent', '1', '1,400', '1,000', '123', '$0.00473', '100 ms', '100 ms', '100 ms'],
      ['all', 'sent', '2', '2,800', '2,000', '246', '$0.00494'],
      [''],
    ]);
  });

  it('says that a cost is at least what it says, and which model has no price', () => {
    const text = render(
      addUsage(small, measure('small', { price: { input: 0.15, output: 0.6 }, says: false }), measure('judge', {})),
    );
    expect(text).toContain('≥ $0.000209');
    expect(text).toContain('the service did not say');
    expect(text).toContain('Without a price: judge.');
  });

  it('is empty where nothing was asked', () => {
    expect(render([])).toBe('');
  });
});

describe('a cost', () => {
  it('of documents is said in dollars, and of none nothing', () => {
    expect(formatCostMicros('12345.6')).toBe('$0.0123');
    expect(formatCostMicros(null)).toBeUndefined();
  });
});
