import type { TaskProgressEvent } from '../../client/stet.ts';
import { formatCount, formatEstimate, formatPlural } from './format.ts';
import type { Style } from './style.ts';
import { cleanLine, textWidth, truncateText } from './text.ts';
import { formatCostMicros } from './usage-table.ts';

const barCells = 20;

/** How the facts of a line are told apart, and whether words stand in for signs. */
interface Wording {
  readonly separator: string;
  readonly inWords: boolean;
}

const liveWording: Wording = { separator: ' · ', inWords: false };

/** One line of live progress, never wider than `width`; the bar goes first when there is little room. */
export function renderLiveLine(
  task: TaskProgressEvent,
  layout: { readonly keyWidth: number; readonly width: number; readonly style: Style },
): string {
  const { style, width } = layout;
  const key = truncateText(task.key, layout.keyWidth).padEnd(layout.keyWidth);
  const facts = describeTask(task, liveWording);
  const room = width - textWidth(key) - 2;
  const bar = task.waitsFor === null ? `${renderBar(task.done, task.total)}  ` : '';
  const hasBar = textWidth(bar) + textWidth(facts) <= room;
  const text = truncateText(facts, hasBar ? room - textWidth(bar) : room);
  const paint = task.waitsFor === null ? (line: string) => line : style.attention;
  return `${style.strong(key)}  ${hasBar ? style.good(bar) : ''}${paint(text)}`;
}

/** One line of progress where there is no terminal, or where nothing is to be redrawn. */
export function renderPlainLine(task: TaskProgressEvent, { inWords }: { readonly inWords: boolean }): string {
  return `${task.key}: ${describeTask(task, { separator: ', ', inWords })}`;
}

/** Whether a task belongs among the live lines: it works, or it waits for something that has a name. */
export function isUnderWay(task: TaskProgressEvent): boolean {
  return task.status === 'running' || (task.status === 'pending' && task.waitsFor !== null);
}

function describeTask(task: TaskProgressEvent, wording: Wording): string {
  const { separator } = wording;
  if (task.status === 'completed' || task.status === 'failed' || task.status === 'cancelled') {
    return [task.status, ...describeErrors(task)].join(separator);
  }
  if (task.waitsFor !== null) {
    const done = task.done > 0 ? [countDone(task, wording)] : [];
    return [`waits for ${cleanLine(task.waitsFor)}`, ...done, ...describeErrors(task)].join(separator);
  }
  if (task.status === 'pending') return 'pending';
  return [
    `${task.stage === null ? 'starting' : task.stage} ${countDone(task, wording)}`,
    ...describeErrors(task),
    ...(task.queriesPerSecond === null || isBeginning(task)
      ? []
      : [`${formatRate(task.queriesPerSecond)} ${wording.inWords ? 'queries per second' : 'queries/s'}`]),
    ...(task.etaMs === null ? [] : [`${formatEstimate(task.etaMs)} left`]),
    ...describeCost(task),
  ].join(separator);
}

/** Before anything is done, a pace of nothing is no news. */
function isBeginning({ done, queriesPerSecond }: TaskProgressEvent): boolean {
  return done === 0 && queriesPerSecond === 0;
}

function countDone(task: TaskProgressEvent, { inWords }: Wording): string {
  return `${formatCount(task.done)}${inWords ? ' of ' : '/'}${formatCount(task.total)}`;
}

function describeErrors(task: TaskProgressEvent): readonly string[] {
  return task.errors === 0 ? [] : [formatPlural(task.errors, 'error')];
}

/** Of what was sent so far; what costs nothing, or has no price, is not worth the room. */
function describeCost({ costMicros = null }: TaskProgressEvent): readonly string[] {
  const cost = Number(costMicros) === 0 ? undefined : formatCostMicros(costMicros);
  return cost === undefined ? [] : [cost];
}

function formatRate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond));
}

function renderBar(done: number, total: number): string {
  const share = total === 0 ? 0 : Math.min(1, done / total);
  const full = Math.floor(share * barCells);
  return `${'█'.repeat(full)}${'░'.repeat(barCells - full)}`;
}
