import type { RunDocument } from '../../client/run-document.ts';
import { shortenId } from './format.ts';
import type { MakeCommandLine } from './next-steps.ts';

/** One line about what to do next; empty where there is nothing to do. */
export function renderNextSteps(run: RunDocument, commandLine: MakeCommandLine): string {
  const worst = run.tasks.find((task) => task.status === 'failed') ?? run.tasks.find((task) => task.samples.errors > 0);
  const steps = [
    ...(worst === undefined ? [] : [`${commandLine('show', shortenId(run.run), worst.key)} (what went wrong)`]),
    ...(run.status === 'failed' || run.status === 'cancelled'
      ? [`${commandLine('resume', shortenId(run.run))} (go on; finished answers stand)`]
      : []),
    ...(run.status === 'completed' && worst !== undefined
      ? [`${commandLine('resume', '--errors', shortenId(run.run))} (try the failed samples again)`]
      : []),
  ];
  return steps.length === 0 ? '' : `Next: ${steps.join(' · ')}\n`;
}
