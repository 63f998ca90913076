import type { ResumableRun } from '../../client/stet.ts';
import { formatAge, formatCount, formatPlural, shortenId } from './format.ts';
import type { MakeCommandLine } from './next-steps.ts';
import type { HumanOutput } from './output.ts';

/** What is there of a plan that is about to be run again. */
export function renderResumable(found: ResumableRun, output: HumanOutput, nowMs: number): string {
  const { finished, anew } = found.queries;
  const what = found.status === 'failed' ? 'failed' : 'was cancelled';
  return (
    `${output.style.attention('Unfinished:')} run ${shortenId(found.run)} of this plan ${what} ${formatAge(found.ended_at, nowMs)}, ` +
    `with ${formatCount(finished)} of ${formatPlural(anew, 'answer')} finished.\n`
  );
}

export function renderResumeQuestion({ queries: { missing, anew } }: ResumableRun): string {
  return `Resume it (${formatPlural(missing, 'query', 'queries')} to send), or start a new run (${formatCount(anew)})? [R/n] `;
}

/** What a run that nobody was asked about does not make use of. */
export function renderForgone(found: ResumableRun, commandLine: MakeCommandLine): string {
  const { missing, anew } = found.queries;
  const resume = commandLine('resume', shortenId(found.run));
  return (
    `Starting anew. \`${resume}\`, or --resume here, would send ${formatPlural(missing, 'query', 'queries')} ` +
    `in place of ${formatCount(anew)}.\n`
  );
}
