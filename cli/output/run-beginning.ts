import type { RunEvent } from '../../client/stet.ts';
import { formatCount, formatPlural, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import { renderPlanTable, renderWarnings } from './plan-table.ts';

type PlannedEvent = Extract<RunEvent, { readonly type: 'planned' }>;

/** How a run begins: a new one with its plan, one that goes on with how far it had come. */
export function renderRunBeginning(event: PlannedEvent, output: HumanOutput, nowMs: number): string {
  const run = `Run ${output.style.strong(shortenId(event.runId))}`;
  const goesOn = describeGoingOn(event);
  const where = event.followed === true ? ', left to workers' : '';
  if (goesOn === undefined) return `${renderPlanTable(event.plan, output, nowMs)}${run} started${where}.\n`;
  return `${renderWarnings(event.plan.warnings, output)}${run} ${goesOn}${describeStanding(event.queries)}\n`;
}

function describeGoingOn({ attached, followed, attempt = 1, mends = null }: PlannedEvent): string | undefined {
  if (attached && followed === true) return 'is followed';
  if (attached) return 'was open; going on with it';
  if (attempt > 1) return `goes on, attempt ${attempt}`;
  if (mends !== null) return `tries the failed samples of run ${shortenId(mends)} again`;
  return undefined;
}

function describeStanding(queries: PlannedEvent['queries']): string {
  if (queries === undefined) return '.';
  const { finished, missing } = queries;
  if (missing === 0) return ': no query is missing.';
  const all = formatPlural(finished + missing, 'answer');
  const verb = finished === 1 ? 'stands' : 'stand';
  return `: ${formatCount(finished)} of ${all} ${verb}, ${formatPlural(missing, 'query', 'queries')} to send.`;
}
