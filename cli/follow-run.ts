import type { RunDocument } from '../client/run-document.ts';
import type { RunHandle, Stet } from '../client/stet.ts';
import { isRaised } from '../contracts/alert-finding.ts';
import { isFinal } from '../contracts/status.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, signalExitCodes } from './exit-codes.ts';
import type { ReportFlags } from './options/report-options.ts';
import { openStore, type StoreFlags } from './options/store-options.ts';
import { formatEstimate, shortenId } from './output/format.ts';
import { writeJson } from './output/json.ts';
import { makeCommandLines } from './output/next-steps.ts';
import { renderNextSteps } from './output/next-steps-of-run.ts';
import { type HumanOutput, makeHumanOutput } from './output/output.ts';
import { makeProgressView, type ProgressView } from './output/progress.ts';
import { renderResultTable } from './output/result-table.ts';
import { renderRunBeginning } from './output/run-beginning.ts';
import { cleanText } from './output/text.ts';
import { reportOpenRuns } from './report-open-runs.ts';
import { prepareReports, type Reports } from './reports/prepare-reports.ts';
import { type StopWatch, watchStopSignals } from './stop-signals.ts';

/** A command with a run. */
export interface RunWork {
  readonly stet: Stet;
  readonly handle: RunHandle;
  readonly stop: StopWatch;
  readonly progress: ProgressView;
  readonly reports: Reports;
}

/** What a command does with a run that it has; gives the exit code. */
export type Stay = (context: CommandContext, flags: StoreFlags, work: RunWork) => Promise<number>;

/**
 * Opens the store, starts, takes up or finds a run, and by default stays with it until it has ended or a signal stops it.
 *
 * @param start - Undefined where it turns out that there is nothing to do, which it has said. Gives up when its signal fires.
 * @returns The exit code: 0 completed, 1 failed or cancelled from elsewhere, 130, 143 or 129 after a signal.
 */
export async function beginRun(
  context: CommandContext,
  flags: StoreFlags & ReportFlags,
  start: (stet: Stet, signal: AbortSignal) => Promise<RunHandle | undefined>,
  stay: Stay = stayWithRun,
): Promise<number> {
  const reports = await prepareReports(context, flags);
  const stop = watchStopSignals(context);
  const progress = makeProgressView(context);
  // Until there is a run, there is nothing to cancel: what is being prepared is given up.
  const starting = new AbortController();
  let isStarted = false;
  stop.onStop((signal) => {
    if (isStarted) return;
    context.stderr.write('Stopping; once more leaves at once.\n');
    starting.abort(new Error(`Stopped by ${signal}.`));
  });
  try {
    const stet = await openStore(context, flags, (message) => progress.note(cleanText(message)));
    try {
      if (stop.signal !== undefined) return reportNotStarted(context, flags, stop.signal);
      const handle = await start(stet, starting.signal).catch((error: unknown) => {
        if (error === starting.signal.reason) return stop.signal;
        throw error;
      });
      if (handle === undefined) return exitCodes.done;
      if (typeof handle === 'string') return reportNotStarted(context, flags, handle);
      isStarted = true;
      return await stay(context, flags, { stet, handle, stop, progress, reports });
    } finally {
      await stet.close();
    }
  } finally {
    stop.end();
  }
}

/** Stays until the run has ended: Ctrl-C cancels it, other signals leave it open. */
export const stayWithRun: Stay = (context, flags, work) =>
  stayUntilEnd(context, flags, work, obeyStopSignal(work.handle, work.stop, work.progress, context));

/** Stays until the run has ended, or until a signal has been obeyed. */
export async function stayUntilEnd(
  context: CommandContext,
  flags: StoreFlags,
  work: RunWork,
  stopping: Stopping,
): Promise<number> {
  const { stet, handle, stop, progress, reports } = work;
  const output = makeHumanOutput(context, flags);
  let run: RunDocument | undefined;
  try {
    const ended = showEvents(handle, output, progress, context).then(() => handle.result());
    // After a drain the run is open and has no result; what `ended` does then matters to nobody.
    ended.catch(() => {});
    run = await Promise.race([ended, stopping.drained.then(() => undefined)]);
  } finally {
    stopping.end();
    progress.end();
  }
  const commandLine = makeCommandLines(context.environment, flags);
  const shown = run ?? (await stet.show(handle.id));
  if (isFinal(shown.status)) {
    output.write(`\n${renderResultTable(shown, output, context.now())}`);
    output.write(renderNextSteps(shown, commandLine, output.style));
  } else if (handle.isFollowed === true) {
    output.write(`Run ${shortenId(handle.id)} goes on. Follow it: ${commandLine('watch', shortenId(handle.id))}\n`);
  } else {
    output.write(`Run ${shortenId(handle.id)} stays open. Go on: ${commandLine('resume', shortenId(handle.id))}\n`);
  }
  if (flags.json === true) writeJson(context.stdout, shown);
  // Of a run that goes on there is nothing final to report.
  const isReported = !isFinal(shown.status) || (await reports.write(stet, shown));
  await reportOpenRuns(context, stet, flags, { except: handle.id });
  if (stop.signal !== undefined) return signalExitCodes[stop.signal];
  if (shown.status !== 'completed' || !isReported) return exitCodes.failed;
  return (shown.alerts ?? []).some(isRaised) ? exitCodes.gate : exitCodes.done;
}

async function showEvents(
  handle: RunHandle,
  output: HumanOutput,
  progress: ProgressView,
  context: CommandContext,
): Promise<void> {
  for await (const event of handle.events()) {
    switch (event.type) {
      case 'planned':
        output.write(renderRunBeginning(event, output, context.now()));
        break;
      case 'progress':
        progress.update(event.tasks, event.limits);
        break;
      case 'notice':
        progress.note(cleanText(event.message));
        break;
    }
  }
}

export interface Stopping {
  /** Settles once the run is left; never where it is cancelled, and so ends. */
  readonly drained: Promise<void>;
  end(): void;
}

/** SIGINT cancels the run, SIGTERM and SIGHUP leave it open. */
function obeyStopSignal(handle: RunHandle, stop: StopWatch, progress: ProgressView, context: CommandContext): Stopping {
  let countdown: NodeJS.Timeout | undefined;
  const drained = new Promise<void>((resolve) => {
    stop.onStop((signal) => {
      const limitMs = handle.longestRequestTimeoutMs;
      const limit = limitMs === undefined ? '' : `, which takes ${formatEstimate(limitMs)} at most`;
      const what = signal === 'SIGINT' ? 'Cancelling' : 'Leaving; the run stays open';
      progress.note(`${what}: nothing new is sent, queries in flight may finish${limit}. Once more leaves at once.`);
      const beganAt = context.now();
      countdown = setInterval(() => {
        progress.setStatusLine(`stopping: ${describeWait(context.now() - beganAt, limitMs)}; once more leaves at once`);
      }, 1000);
      const failed = (error: unknown) => {
        progress.note(
          `The run could not be stopped: ${error instanceof Error ? cleanText(error.message) : String(error)}`,
        );
      };
      // A cancelled run ends and so do its events; a drained one does not.
      if (signal === 'SIGINT') handle.cancel().catch(failed);
      else handle.drain().catch(failed).then(resolve, resolve);
    });
  });
  return { drained, end: () => clearInterval(countdown) };
}

/** Whole seconds throughout: a countdown in minutes would seem to stand still. */
function describeWait(waitedMs: number, limitMs: number | undefined): string {
  const seconds = (durationMs: number) => `${Math.max(0, Math.round(durationMs / 1000))} s`;
  if (limitMs === undefined) return `since ${seconds(waitedMs)}, for queries in flight`;
  return `${seconds(limitMs - waitedMs)} at most, for queries in flight`;
}

function reportNotStarted(context: CommandContext, flags: StoreFlags, signal: keyof typeof signalExitCodes): number {
  if (flags.json === true) {
    writeJson(context.stdout, {
      error: { code: 'interrupted', message: `Stopped by ${signal} before anything was started.` },
    });
  }
  return signalExitCodes[signal];
}
