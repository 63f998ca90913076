import type { PlanDocument, PlanTaskDocument } from '../../client/run-document.ts';
import { formatAge, formatCount, formatPlural, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import { renderPlanUsage } from './plan-usage.ts';
import { renderReasonList } from './reasons.ts';
import { explainWork, renderStandsOn, renderVerdict } from './reuse-text.ts';
import { renderTable } from './table.ts';
import { cleanLine, indent, wrapText } from './text.ts';

/**
 * What a run would do, task by task, why it has to, and what that takes.
 *
 * @param options.isBrief - At the beginning of a run: the first reason of each task, and what all of it takes in one line.
 */
export function renderPlanTable(
  plan: PlanDocument,
  output: HumanOutput,
  nowMs: number,
  { isBrief = true }: { readonly isBrief?: boolean } = {},
): string {
  const { style } = output;
  const title = `${style.strong(`Plan of ${plan.evaluation}`)} (cache policy ${plan.cache_policy})\n`;
  if (plan.tasks.length === 0) return `${title}No task to run.\n${renderWarnings(plan.warnings, output)}`;
  const warnings = [
    ...plan.warnings,
    ...plan.tasks.flatMap((task) => task.warnings.map((warning) => `${task.key}: ${warning}`)),
  ];
  return [
    title,
    renderTasks(plan, output, nowMs),
    renderWaits(plan, output),
    renderReasons(plan, output, { isBrief, nowMs }),
    renderPlanUsage(plan, output, { isBrief }),
    renderWarnings(warnings, output),
  ].join('');
}

function renderTasks(plan: PlanDocument, output: HumanOutput, nowMs: number): string {
  const { style } = output;
  const hasTrials = plan.tasks.some((task) => task.trials > 1);
  return renderTable(
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
      isWaiting(task) ? style.attention('waiting') : renderVerdict(task.reuse, style),
      renderGround(task, nowMs),
      formatCount(task.samples.total),
      ...(hasTrials ? [formatCount(task.trials)] : []),
      formatCount(task.model_queries.sent),
    ]),
    output,
  );
}

function isWaiting(task: PlanTaskDocument): boolean {
  return task.waits_for?.has_owner === true;
}

/** What a task stands on, or will: `run 3f2a91c0, 5 min ago, by anna`, `run 3f2a91c0, at work`, `task easy of this run`. */
function renderGround(task: PlanTaskDocument, nowMs: number): string {
  const { waits_for: holder, shares_with: shared, source } = task;
  if (holder !== undefined && holder !== null && isWaiting(task)) return `run ${shortenId(holder.run)}, at work`;
  if (task.reused_from === null && shared !== undefined && shared !== null) return `task ${shared} of this run`;
  const by = source?.user ?? null;
  const who = by === null ? '' : `, by ${cleanLine(by)}`;
  return `${renderStandsOn(task, nowMs)}${task.reused_from === null ? '' : who}`;
}

/** Whose work a task waits for, and how far that is; or whom nobody works for, so that the run does it. */
function renderWaits(plan: PlanDocument, output: HumanOutput): string {
  const sentences = plan.tasks.flatMap((task) => {
    const holder = task.waits_for ?? null;
    if (holder === null) return [];
    const what = holder.stands === 'all' ? 'the same' : 'the same answers';
    const progress = `${formatCount(holder.done)} of ${formatPlural(holder.total, 'sample')} ${holder.stage === 'solve' ? 'solved' : 'scored'}`;
    const run = `run ${shortenId(holder.run)}${holder.user === null ? '' : ` of ${cleanLine(holder.user)}`}`;
    return [
      holder.has_owner
        ? `${task.key} waits for ${run}, which computes ${what}: ${progress}.`
        : `${task.key}: ${run} has computed some of ${what} (${progress}) and nobody works on it; it is taken up.`,
    ];
  });
  return sentences.map((sentence) => `${indent(wrapText(sentence, output.width - 2), 2)}\n`).join('');
}

export function renderWarnings(warnings: readonly string[], output: HumanOutput): string {
  return [...new Set(warnings)]
    .map((warning) => `${output.style.attention('Warning:')} ${cleanLine(warning)}\n`)
    .join('');
}

interface ReasonOptions {
  readonly isBrief: boolean;
  readonly nowMs: number;
}

/** Why tasks have to work; many tasks often share it, so equal reasons are said once. */
function renderReasons(plan: PlanDocument, output: HumanOutput, options: ReasonOptions): string {
  const inner = { ...output, width: output.width - 2 };
  const tasksByReason = new Map<string, PlanTaskDocument[]>();
  for (const task of plan.tasks) {
    const reason = options.isBrief ? renderBriefly(task) : renderInFull(task, inner, options.nowMs);
    if (reason !== undefined) tasksByReason.set(reason, [...(tasksByReason.get(reason) ?? []), task]);
  }
  return [...tasksByReason]
    .map(([reason, tasks]) => {
      const isAll = tasksByReason.size === 1 && tasks.length === plan.tasks.length;
      const names = isAll ? '' : ` [${nameSome(tasks.map(({ key }) => key))}]`;
      const [heading = '', ...rest] = reason.split('\n');
      return indent(`${[wrapText(`${heading}${names}`, inner.width), ...rest].join('\n').trimEnd()}\n`, 2);
    })
    .join('');
}

function renderBriefly(task: PlanTaskDocument): string | undefined {
  const reason = explainWork(task.reuse, task.why);
  return reason === undefined ? undefined : `${nameVerdict(task)}: ${reason}`;
}

/** A heading with the result that it was compared with, and all that differs below it. */
function renderInFull(task: PlanTaskDocument, output: HumanOutput, nowMs: number): string | undefined {
  if (task.reuse === 'full') return undefined;
  const { why, compared_with: nearest = null } = task;
  if (why === null || why.length === 0) return renderBriefly(task);
  const at = nearest?.at ?? null;
  const when = at === null ? '' : ` of ${at.slice(0, 16).replace('T', ' ')} (${formatAge(at, nowMs)})`;
  const other = nearest === null || nearest.task === task.key ? '' : `, task ${nearest.task}`;
  const against = nearest === null ? '' : `, compared with run ${shortenId(nearest.run)}${when}${other}`;
  return `${nameVerdict(task)}${against}:\n${renderReasonList(why, output)}`;
}

function nameVerdict(task: PlanTaskDocument): string {
  return task.reuse === 'partial' ? 'Why only partial' : 'Why none';
}

function nameSome(keys: readonly string[]): string {
  const shown = keys.slice(0, 4).join(', ');
  return keys.length <= 4 ? shown : `${shown} and ${formatPlural(keys.length - 4, 'other')}`;
}
