import type { TaskDiffDocument } from '../../client/diff/diff-document.ts';
import { sumAmountDocuments, type UsageDocument } from '../../evaluation/usage/usage-document.ts';
import { formatCount, formatDuration } from './format.ts';
import type { HumanOutput } from './output.ts';
import { type Column, renderTable } from './table.ts';
import { cleanLine } from './text.ts';
import { formatCostMicros } from './usage-table.ts';

/**
 * What the two results took, whoever paid for it: sent now, or standing from before. Latencies are of what was sent. Empty
 * where no model was asked.
 */
export function renderDiffUsage({ first, second }: TaskDiffDocument, output: HumanOutput): string {
  const rows = [
    ...first.usage.map((entry) => makeRow('first', entry)),
    ...second.usage.map((entry) => makeRow('second', entry)),
  ].sort((left, right) => (left.purpose === right.purpose ? 0 : left.purpose === 'solver' ? -1 : 1));
  if (rows.length === 0) return '';
  const hasTokens = rows.some(({ amount }) => amount.prompt_tokens + amount.completion_tokens > 0);
  const hasCost = rows.some(({ amount }) => amount.cost_micros !== null);
  const hasLatency = rows.some(({ latency }) => latency !== null);
  const cells: readonly (Column & { readonly isShown: boolean; readonly render: (row: Row) => string })[] = [
    { title: 'asked', isShown: true, render: ({ model, purpose }) => `${cleanLine(model)}, ${purpose}` },
    { title: 'in', isShown: true, render: ({ side }) => side },
    { title: 'queries', align: 'right', isShown: true, render: ({ amount }) => formatCount(amount.queries) },
    {
      title: 'tokens in',
      align: 'right',
      isShown: hasTokens,
      render: ({ amount }) => formatCount(amount.prompt_tokens),
    },
    { title: 'out', align: 'right', isShown: hasTokens, render: ({ amount }) => formatCount(amount.completion_tokens) },
    {
      title: 'cost',
      align: 'right',
      isShown: hasCost,
      render: ({ amount }) => formatCostMicros(amount.cost_micros) ?? '–',
    },
    { title: 'p50', align: 'right', isShown: hasLatency, render: ({ latency }) => formatLatency(latency?.p50) },
    { title: 'p90', align: 'right', isShown: hasLatency, render: ({ latency }) => formatLatency(latency?.p90) },
    { title: 'p99', align: 'right', isShown: hasLatency, render: ({ latency }) => formatLatency(latency?.p99) },
  ];
  const shown = cells.filter(({ isShown }) => isShown);
  return renderTable(
    shown.map(({ title, align }) => ({ title, ...(align === undefined ? {} : { align }) })),
    rows.map((row) => shown.map(({ render }) => render(row))),
    output,
  );
}

type Row = ReturnType<typeof makeRow>;

function makeRow(
  side: 'first' | 'second',
  { model, purpose, sent, stood, waited, latency_ms: latency }: UsageDocument,
) {
  return { side, model, purpose, amount: sumAmountDocuments([sent, stood, waited]), latency };
}

function formatLatency(latencyMs: number | undefined): string {
  return latencyMs === undefined ? '–' : formatDuration(latencyMs);
}
