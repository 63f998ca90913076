import { mergePlanned } from '../../client/plan/estimate-plan.ts';
import type { PlannedTotalsDocument, PlannedUsageDocument } from '../../client/plan/plan-usage-document.ts';
import type { PlanDocument } from '../../client/run-document.ts';
import { formatCost, parseCostMicros } from '../../evaluation/usage/cost.ts';
import { formatCount, formatPlural, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import { renderTable } from './table.ts';
import { cleanLine, wrapText } from './text.ts';

/** What a run would send, by model and purpose, and what reuse saves; in one line where it is to be brief. */
export function renderPlanUsage(
  plan: PlanDocument,
  output: HumanOutput,
  { isBrief }: { readonly isBrief: boolean },
): string {
  const entries = plan.tasks.flatMap((task) => task.usage ?? []);
  const { expected, model_queries: queries } = plan;
  const stood = plan.answers_stood ?? 0;
  const line = [
    `Queries: ${formatCount(queries.sent)} to send${describeAmount(expected.sent)},`,
    ...(stood === 0 ? [] : [`${formatCount(stood)} answered by single answers${describeAmount(expected.stood)},`]),
    `${formatCount(queries.saved)} saved by reuse${describeAmount(expected.saved)}.`,
  ].join(' ');
  const total = `${wrapText(line, output.width)}\n`;
  if (isBrief) return total;
  return [renderModels(entries, output), total, renderBases(entries, output), renderLacks(entries, output)].join('');
}

/** ` (about 12,300 tokens, $0.12)`; nothing where nothing is known or sent. */
function describeAmount(totals: PlannedTotalsDocument): string {
  const tokens = totals.prompt_tokens + totals.completion_tokens;
  if (totals.queries === 0 || tokens === 0) return '';
  const facts = [
    `${totals.has_all_tokens ? 'about' : 'at least'} ${formatCount(tokens)} tokens`,
    ...(totals.cost_micros === '0' && !totals.has_all_costs
      ? []
      : [`${totals.has_all_costs || !totals.has_all_tokens ? '' : 'at least '}${renderCost(totals)}`]),
  ];
  return ` (${facts.join(', ')})`;
}

function renderCost({ cost_micros: cost }: PlannedTotalsDocument): string {
  return formatCost(parseCostMicros(cost));
}

function renderModels(entries: readonly PlannedUsageDocument[], output: HumanOutput): string {
  const models = mergePlanned(entries);
  const hasStood = models.some(({ stood }) => stood.queries > 0);
  if (models.length === 0) return '';
  return `\n${renderTable(
    [
      { title: 'model' },
      { title: 'asked by' },
      { title: 'to send', align: 'right' },
      { title: 'tokens in', align: 'right' },
      { title: 'tokens out', align: 'right' },
      { title: 'cost', align: 'right' },
      ...(hasStood ? [{ title: 'single answers', align: 'right' } as const] : []),
      { title: 'saved', align: 'right' },
    ],
    models.map(({ model, purpose, sent, stood, saved }) => [
      model,
      purpose,
      formatCount(sent.queries),
      sent.has_all_tokens ? formatCount(sent.prompt_tokens) : '–',
      sent.has_all_tokens ? formatCount(sent.completion_tokens) : '–',
      sent.has_all_costs ? renderCost(sent) : '–',
      ...(hasStood ? [renderSaved(stood)] : []),
      renderSaved(saved),
    ]),
    output,
  )}`;
}

function renderSaved(totals: PlannedTotalsDocument): string {
  const { queries, has_all_costs: isKnown } = totals;
  return `${formatCount(queries)}${queries > 0 && isKnown ? `, ${renderCost(totals)}` : ''}`;
}

const maxBases = 4;

/** What the estimates are made from. */
function renderBases(entries: readonly PlannedUsageDocument[], output: HumanOutput): string {
  const bases = new Map<string, Map<string, number>>();
  for (const { purpose, model, basis, sent, stood, saved } of entries) {
    if (basis === null || sent.queries + stood.queries + saved.queries === 0) continue;
    const name = `of ${model} as ${purpose} in run ${shortenId(basis.run)}`;
    bases.set(name, (bases.get(name) ?? new Map<string, number>()).set(basis.task_result, basis.queries));
  }
  const named = [...bases].map(([name, results]) => {
    const answers = [...results.values()].reduce((sum, queries) => sum + queries, 0);
    return `${formatPlural(answers, 'answer')} ${name}`;
  });
  if (named.length === 0) return '';
  const left = named.length - maxBases;
  const more = left > 0 ? ` and ${formatPlural(left, 'more result')}` : '';
  const text = wrapText(`Estimated from ${named.slice(0, maxBases).join(', ')}${more}.`, output.width);
  return `${text.split('\n').map(output.style.faint).join('\n')}\n`;
}

function renderLacks(entries: readonly PlannedUsageDocument[], output: HumanOutput): string {
  const lacks = entries.filter(({ sent }) => sent.queries > 0 && sent.cost_micros === null);
  const sentences = new Set(lacks.flatMap(({ no_estimate: lack }) => (lack === null ? [] : [cleanLine(lack)])));
  if (sentences.size === 0) return '';
  return `${wrapText(`No estimate: ${[...sentences].join(' ')}`, output.width)}\n`;
}
