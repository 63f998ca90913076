import type { PlanDocument } from '../../client/run-document.ts';
import { formatCount, formatPlural } from './format.ts';
import type { HumanOutput } from './output.ts';
import { explainWork, renderStandsOn, renderVerdict } from './reuse-text.ts';
import { renderTable } from './table.ts';
import { cleanLine, indent, wrapText } from './text.ts';

/** What a run would do, task by task, and why it has to. */
export function renderPlanTable(plan: PlanDocument, output: HumanOutput, nowMs: number): string {
  const { style } = output;
  const title = `${style.strong(`Plan of ${plan.evaluation}`)} (cache policy ${plan.cache_policy})\n`;
  if (plan.tasks.length === 0) return `${title}No task to run.\n${renderWarnings(plan.warnings, output)}`;
  const hasTrials = plan.tasks.some((task) => task.trials > 1);
  const table = renderTable(
    [
      { title: 'task' },
      { title: 'reuse' },
      { title: 'stands on' },
      { title: 'samples', align: 'right' },
      ...(hasTrials ? [{ title: 'trials', align: 'right' } as const] : []),
      { title: 'to send', align: 'right' },
    ],
    plan.tasks.map((task) => [
      task.key,
      renderVerdict(task.reuse, style),
      renderStandsOn(task, nowMs),
      formatCount(task.samples.total),
      ...(hasTrials ? [formatCount(task.trials)] : []),
      formatCount(task.model_queries.sent),
    ]),
    output,
  );
  const total = `Queries: ${formatCount(plan.model_queries.sent)} to send, ${formatCount(plan.model_queries.saved)} saved by reuse.\n`;
  const warnings = [
    ...plan.warnings,
    ...plan.tasks.flatMap((task) => task.warnings.map((warning) => `${task.key}: ${warning}`)),
  ];
  return `${title}${table}${renderReasons(plan, output)}${total}${renderWarnings(warnings, output)}`;
}

export function renderWarnings(warnings: readonly string[], output: HumanOutput): string {
  return [...new Set(warnings)]
    .map((warning) => `${output.style.attention('Warning:')} ${cleanLine(warning)}\n`)
    .join('');
}

/** One sentence per task that has to work; many tasks often share it, so equal ones are said once. */
function renderReasons(plan: PlanDocument, output: HumanOutput): string {
  const tasksByReason = new Map<string, string[]>();
  for (const task of plan.tasks) {
    const reason = explainWork(task.reuse, task.why);
    if (reason === undefined) continue;
    const heading = `${task.reuse === 'partial' ? 'Why only partial' : 'Why none'}: ${reason}`;
    tasksByReason.set(heading, [...(tasksByReason.get(heading) ?? []), task.key]);
  }
  return [...tasksByReason]
    .map(([reason, keys]) => {
      const names = tasksByReason.size === 1 && keys.length === plan.tasks.length ? '' : ` [${nameSome(keys)}]`;
      return `${indent(wrapText(`${reason}${names}`, output.width - 2), 2)}\n`;
    })
    .join('');
}

function nameSome(keys: readonly string[]): string {
  const shown = keys.slice(0, 4).join(', ');
  return keys.length <= 4 ? shown : `${shown} and ${formatPlural(keys.length - 4, 'other')}`;
}
