import type { RunDocument } from '../../client/run-document.ts';
import { formatAge, shortenId } from './format.ts';
import type { Style } from './style.ts';
import { cleanLine } from './text.ts';

/** What a run is, in one line. */
export function renderRunHeading(run: RunDocument, style: Style, nowMs: number): string {
  const label = run.label === null ? '' : ` "${cleanLine(run.label)}"`;
  const paused = (run.paused_at ?? null) === null ? '' : `, ${style.attention('paused')}`;
  return `${style.strong(`Run ${shortenId(run.run)}`)}${label} of ${run.evaluation}, started ${formatAge(run.started_at, nowMs)}, cache policy ${run.cache_policy}${paused}\n`;
}
