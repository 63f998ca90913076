import { formatCost, parseCostMicros } from '../../evaluation/usage/cost.ts';
import {
  sumAmountDocuments,
  type UsageAmountDocument,
  type UsageDocument,
} from '../../evaluation/usage/usage-document.ts';
import { formatCount, formatDuration, formatPlural } from './format.ts';
import type { HumanOutput } from './output.ts';
import type { Style } from './style.ts';
import { type Column, renderTable } from './table.ts';
import { cleanLine } from './text.ts';

const parts = ['sent', 'stood', 'waited'] as const;
type Part = (typeof parts)[number];

const partTexts: Readonly<Record<Part, string>> = {
  sent: 'sent',
  stood: 'from the cache',
  waited: 'of another run',
};

interface Row {
  readonly model: string;
  readonly purpose: string;
  readonly part: Part;
  readonly amount: UsageAmountDocument;
  readonly retries: number;
  readonly latency: UsageDocument['latency_ms'];
}

/**
 * What was asked of each model for what, and what it cost: a row for what was sent, and one each for what stood from the
 * cache and what another run computed. Empty where no model was asked and nothing stands.
 */
export function renderUsageTable(usage: readonly UsageDocument[], output: HumanOutput): string {
  const rows = usage.flatMap((entry) => parts.flatMap((part) => toRow(entry, part)));
  if (rows.length === 0) return '';
  const all = [...rows, ...parts.flatMap((part) => sumRows(rows, part))];
  const hasStanding = rows.some(({ part }) => part !== 'sent');
  const hasRetries = rows.some(({ retries }) => retries > 0);
  const hasTokens = rows.some(({ amount }) => amount.prompt_tokens + amount.completion_tokens > 0);
  const hasCached = rows.some(({ amount }) => amount.cached_prompt_tokens > 0);
  const hasCost = rows.some(({ amount }) => amount.cost_micros !== null);
  const hasLatency = rows.some(({ latency }) => latency !== null);
  const cells: readonly (Column & { readonly isShown: boolean; readonly render: (row: Row) => string })[] = [
    { title: 'model', isShown: true, render: ({ model }) => model },
    { title: 'asked by', isShown: true, render: ({ purpose }) => purpose },
    { title: 'queries', isShown: hasStanding, render: ({ part }) => partTexts[part] },
    {
      title: hasStanding ? 'number' : 'queries',
      align: 'right',
      isShown: true,
      render: ({ amount }) => formatCount(amount.queries),
    },
    { title: 'retried', align: 'right', isShown: hasRetries, render: renderRetries },
    {
      title: 'tokens in',
      align: 'right',
      isShown: hasTokens,
      render: ({ amount }) => formatTokens(amount, amount.prompt_tokens),
    },
    {
      title: 'cached',
      align: 'right',
      isShown: hasCached,
      render: ({ amount }) => formatTokens(amount, amount.cached_prompt_tokens),
    },
    {
      title: 'tokens out',
      align: 'right',
      isShown: hasTokens,
      render: ({ amount }) => formatTokens(amount, amount.completion_tokens),
    },
    { title: 'cost', align: 'right', isShown: hasCost, render: ({ amount }) => renderCost(amount, output.style) },
    { title: 'p50', align: 'right', isShown: hasLatency, render: ({ latency }) => formatLatency(latency?.p50) },
    { title: 'p90', align: 'right', isShown: hasLatency, render: ({ latency }) => formatLatency(latency?.p90) },
    { title: 'p99', align: 'right', isShown: hasLatency, render: ({ latency }) => formatLatency(latency?.p99) },
  ];
  const shown = cells.filter(({ isShown }) => isShown);
  const table = renderTable(
    shown.map(({ title, align }) => ({ title, ...(align === undefined ? {} : { align }) })),
    all.map((row) => shown.map(({ render }) => render(row))),
    output,
  );
  return `${table}${renderNotes(rows, { hasTokens, hasCost })
    .map((note) => `${output.style.faint(note)}\n`)
    .join('')}`;
}

/** US dollars for people, of the text that documents have; undefined where there is none. */
export function formatCostMicros(costMicros: string | null | undefined): string | undefined {
  return costMicros === null || costMicros === undefined ? undefined : formatCost(parseCostMicros(costMicros));
}

function toRow(entry: UsageDocument, part: Part): readonly Row[] {
  const amount = entry[part];
  const retries = part === 'sent' ? entry.retried.queries : 0;
  if (amount.queries === 0 && retries === 0) return [];
  const { purpose } = entry;
  const latency = part === 'sent' ? entry.latency_ms : null;
  return [{ model: cleanLine(entry.model), purpose, part, amount, retries, latency }];
}

/** The sum of several rows; of latencies there is none. */
function sumRows(rows: readonly Row[], part: Part): readonly Row[] {
  const own = rows.filter((row) => row.part === part);
  if (own.length < 2) return [];
  const amount = sumAmountDocuments(own.map((row) => row.amount));
  const retries = own.reduce((total, row) => total + row.retries, 0);
  return [{ model: 'all', purpose: '', part, amount, retries, latency: null }];
}

function renderNotes(
  rows: readonly Row[],
  { hasTokens, hasCost }: { readonly hasTokens: boolean; readonly hasCost: boolean },
): readonly string[] {
  const without = rows.reduce((sum, { amount }) => sum + amount.answers_without_usage, 0);
  const unpriced = new Set(rows.filter(({ amount }) => amount.cost_micros === null).map(({ model }) => model));
  return [
    ...(without === 0 || !hasTokens
      ? []
      : [
          `Of ${formatPlural(without, 'answer')} the service did not say the tokens: tokens and cost are without them.`,
        ]),
    ...(hasCost && unpriced.size > 0 ? [`Without a price: ${[...unpriced].join(', ')}.`] : []),
  ];
}

/** Only of what was sent: what stands was retried, if at all, long ago. */
function renderRetries({ part, retries }: Row): string {
  return part === 'sent' ? formatCount(retries) : '';
}

/** A service that says nothing of tokens has not said that there were none. */
function formatTokens({ queries, answers_without_usage: without }: UsageAmountDocument, tokens: number): string {
  return queries > 0 && without === queries ? '–' : formatCount(tokens);
}

function renderCost(amount: UsageAmountDocument, style: Style): string {
  const cost = formatCostMicros(amount.cost_micros);
  if (cost === undefined || amount.answers_without_usage === amount.queries) return '–';
  if (amount.answers_without_usage === 0) return cost;
  return style.isPlain ? `at least ${cost}` : `≥ ${cost}`;
}

function formatLatency(latencyMs: number | undefined): string {
  return latencyMs === undefined ? '' : formatDuration(latencyMs);
}
