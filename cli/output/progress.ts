import { createLogUpdate } from 'log-update';
import type { RunDocument } from '../../client/run-document.ts';
import type { TaskProgressEvent } from '../../client/stet.ts';
import type { CommandContext } from '../command-context.ts';
import { formatPlural } from './format.ts';
import { describeLimitUse } from './limits-text.ts';
import { isUnderWay, renderLiveLine, renderPlainLine } from './progress-line.ts';
import { makeStyle, wantsPlain } from './style.ts';
import { truncateText, wrapText } from './text.ts';

type Limits = RunDocument['limits'];

/** Shows what the tasks of a run are doing, on standard error. */
export interface ProgressView {
  /** @param limits - What was spent of which limit so far. */
  update(tasks: readonly TaskProgressEvent[], limits?: Limits): void;
  /** Says something above the progress. */
  note(message: string): void;
  /** A line below the progress that may change, such as a countdown; where there is no terminal it is left out. */
  setStatusLine(text: string | null): void;
  /** Takes the live lines away; nothing is shown afterwards. */
  end(): void;
}

/** Live lines on a terminal, otherwise a plain line per task on a change of state and every few seconds at most. */
export function makeProgressView(context: CommandContext): ProgressView {
  return context.stderr.isTTY === true && context.environment['TERM'] !== 'dumb' && !wantsPlain(context)
    ? makeLiveView(context)
    : makePlainView(context);
}

const redrawEveryMs = 100;

function makeLiveView(context: CommandContext): ProgressView {
  const { stderr } = context;
  const style = makeStyle(stderr, context.environment);
  // The cursor stays as it is: a process that is killed cannot give a hidden one back.
  const draw = createLogUpdate(stderr as NodeJS.WritableStream, { showCursor: true });
  let tasks: readonly TaskProgressEvent[] = [];
  let statusLine: string | null = null;
  let limits: Limits;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let isEnded = false;

  const redraw = () => {
    clearTimeout(timer);
    timer = undefined;
    drawnAt = context.now();
    const lines = renderLiveLines(tasks, statusLine, limits, {
      width: (stderr.columns || 80) - 1,
      rows: stderr.rows ?? 24,
      style,
    });
    if (lines.length > 0) draw(lines.join('\n'));
    else draw.clear();
  };
  const redrawSoon = () => {
    if (isEnded || timer !== undefined) return;
    const wait = drawnAt + redrawEveryMs - context.now();
    if (wait <= 0) redraw();
    else timer = setTimeout(redraw, wait);
  };
  return {
    update(next, nextLimits) {
      tasks = next;
      limits = nextLimits;
      redrawSoon();
    },
    note(message) {
      if (isEnded) return void stderr.write(`${message}\n`);
      draw.clear();
      stderr.write(`${message}\n`);
      redraw();
    },
    setStatusLine(text) {
      statusLine = text;
      redrawSoon();
    },
    end() {
      if (isEnded) return;
      isEnded = true;
      clearTimeout(timer);
      draw.clear();
      draw.done();
    },
  };
}

function renderLiveLines(
  tasks: readonly TaskProgressEvent[],
  statusLine: string | null,
  limits: Limits,
  layout: { readonly width: number; readonly rows: number; readonly style: ReturnType<typeof makeStyle> },
): readonly string[] {
  const underWay = tasks.filter(isUnderWay);
  const spent = describeLimitUse(limits, layout.style);
  const spentLines = spent === '' ? [] : wrapText(`spent: ${spent}`, layout.width).split('\n');
  const shown = underWay.slice(0, Math.max(1, layout.rows - 4 - spentLines.length));
  const longestKey = Math.max(0, ...shown.map((task) => task.key.length));
  const keyWidth = Math.min(longestKey, Math.max(8, Math.floor(layout.width / 3)));
  const rest = [
    ...(underWay.length > shown.length ? [`${underWay.length - shown.length} more under way`] : []),
    ...countOf(tasks, (task) => task.status === 'pending' && task.waitsFor === null, 'pending'),
    ...countOf(tasks, (task) => !isUnderWay(task) && task.status !== 'pending', 'ended'),
  ];
  const summary = tasks.length > 1 || underWay.length === 0 ? rest.join(' · ') : '';
  return [
    ...shown.map((task) => renderLiveLine(task, { ...layout, keyWidth })),
    ...spentLines,
    ...(summary === '' ? [] : [layout.style.faint(truncateText(summary, layout.width))]),
    ...(statusLine === null ? [] : [layout.style.attention(truncateText(statusLine, layout.width))]),
  ];
}

function countOf(
  tasks: readonly TaskProgressEvent[],
  belongs: (task: TaskProgressEvent) => boolean,
  what: string,
): readonly string[] {
  const count = tasks.filter(belongs).length;
  return count === 0 ? [] : [`${formatPlural(count, 'task')} ${what}`];
}

const plainLineEveryMs = 5_000;
/** What is waited for may count seconds; lines that only say so need not come often. */
const waitingLineEveryMs = 30_000;

function makePlainView(context: CommandContext): ProgressView {
  const plainStyle = makeStyle(context.stderr, context.environment, true);
  const printed = new Map<string, { readonly state: string; readonly news: string; readonly atMs: number }>();
  let isEnded = false;
  return {
    update(tasks, limits) {
      if (isEnded) return;
      const now = context.now();
      let isNews = false;
      for (const task of tasks) {
        const last = printed.get(task.key);
        const isWaiting = task.waitsFor !== null;
        const state = `${task.status} ${task.stage ?? ''} ${isWaiting}`;
        const news = isWaiting ? task.waitsFor : `${task.done}`;
        // Every task begins as pending; saying so of each is no news.
        if (last === undefined && task.status === 'pending' && task.waitsFor === null) continue;
        const everyMs = isWaiting ? waitingLineEveryMs : plainLineEveryMs;
        const isDue = last !== undefined && now - last.atMs >= everyMs && last.news !== news;
        if (last?.state === state && !isDue) continue;
        printed.set(task.key, { state, news, atMs: now });
        isNews = true;
        context.stderr.write(`${renderPlainLine(task, { inWords: wantsPlain(context) })}\n`);
      }
      const spent = isNews ? describeLimitUse(limits, plainStyle) : '';
      if (spent !== '') context.stderr.write(`spent: ${spent}\n`);
    },
    note(message) {
      context.stderr.write(`${message}\n`);
    },
    setStatusLine() {},
    end() {
      isEnded = true;
    },
  };
}
