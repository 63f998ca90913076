import type { TaskProgressEvent } from '../../client/stet.ts';
import { formatCount, formatEstimate, formatPlural } from './format.ts';
import type { Style } from './style.ts';
import { cleanLine, textWidth, truncateText } from './text.ts';

const barCells = 20;

/** One line of live progress, never wider than `width`; the bar goes first when there is little room. */
export function renderLiveLine(
  task: TaskProgressEvent,
  layout: { readonly keyWidth: number; readonly width: number; readonly style: Style },
): string {
  const { style, width } = layout;
  const key = truncateText(task.key, layout.keyWidth).padEnd(layout.keyWidth);
  const facts = describeTask(task, ' · ');
  const room = width - textWidth(key) - 2;
  const bar = task.waitsFor === null ? `${renderBar(task.done, task.total)}  ` : '';
  const hasBar = textWidth(bar) + textWidth(facts) <= room;
  const text = truncateText(facts, hasBar ? room - textWidth(bar) : room);
  const paint = task.waitsFor === null ? (line: string) => line : style.attention;
  return `${style.strong(key)}  ${hasBar ? style.good(bar) : ''}${paint(text)}`;
}

/** One line of progress where there is no terminal. */
export function renderPlainLine(task: TaskProgressEvent): string {
  return `${task.key}: ${describeTask(task, ', ')}`;
}

/** Whether a task belongs among the live lines: it works, or it waits for something that has a name. */
export function isUnderWay(task: TaskProgressEvent): boolean {
  return task.status === 'running' || (task.status === 'pending' && task.waitsFor !== null);
}

function describeTask(task: TaskProgressEvent, separator: string): string {
  if (task.status === 'completed' || task.status === 'failed' || task.status === 'cancelled') {
    return [task.status, ...describeErrors(task)].join(separator);
  }
  if (task.waitsFor !== null) {
    const done = task.done > 0 ? [`${countDone(task)}`] : [];
    return [`waits for ${cleanLine(task.waitsFor)}`, ...done, ...describeErrors(task)].join(separator);
  }
  if (task.status === 'pending') return 'pending';
  return [
    `${task.stage === null ? 'starting' : task.stage} ${countDone(task)}`,
    ...describeErrors(task),
    ...(task.queriesPerSecond === null ? [] : [`${formatRate(task.queriesPerSecond)} queries/s`]),
    ...(task.etaMs === null ? [] : [`${formatEstimate(task.etaMs)} left`]),
  ].join(separator);
}

function countDone(task: TaskProgressEvent): string {
  return `${formatCount(task.done)}/${formatCount(task.total)}`;
}

function describeErrors(task: TaskProgressEvent): readonly string[] {
  return task.errors === 0 ? [] : [formatPlural(task.errors, 'error')];
}

function formatRate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond));
}

function renderBar(done: number, total: number): string {
  const share = total === 0 ? 0 : Math.min(1, done / total);
  const full = Math.floor(share * barCells);
  return `${'█'.repeat(full)}${'░'.repeat(barCells - full)}`;
}
