import type { RunDocument } from '../../client/run-document.ts';
import { shortenId } from './format.ts';
import { suggestHigherLimits } from './limits-text.ts';
import type { MakeCommandLine } from './next-steps.ts';
import type { Style } from './style.ts';

/** One line about what to do next; empty where there is nothing to do. */
export function renderNextSteps(run: RunDocument, commandLine: MakeCommandLine, style: Style): string {
  const worst = run.tasks.find((task) => task.status === 'failed') ?? run.tasks.find((task) => task.samples.errors > 0);
  const isLimited = run.tasks.some(({ error }) => error?.code === 'limit-reached');
  const higher = isLimited ? suggestHigherLimits(run.limits) : [];
  const steps = [
    ...(worst === undefined ? [] : [`${commandLine('show', shortenId(run.run), worst.key)} (what went wrong)`]),
    ...(run.status === 'failed' || run.status === 'cancelled'
      ? [
          `${commandLine('resume', shortenId(run.run), ...higher)} (go on${higher.length === 0 ? '' : ' with a higher total'}; finished answers stand)`,
        ]
      : []),
    ...(run.status === 'completed' && worst !== undefined
      ? [`${commandLine('resume', '--errors', shortenId(run.run))} (try the failed samples again)`]
      : []),
  ];
  if (style.isPlain) return steps.map((step) => `Next: ${step}\n`).join('');
  return steps.length === 0 ? '' : `Next: ${steps.join(' · ')}\n`;
}
