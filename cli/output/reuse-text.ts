import type { ReuseReason } from '../../client/run-document.ts';
import { formatAge, shortenId } from './format.ts';
import type { Style } from './style.ts';
import { cleanLine } from './text.ts';

/** What a task stands on: `run 3f2a91c0, 5 min ago`; `–` where nothing stands. */
export function renderStandsOn(
  task: {
    readonly reused_from: string | null;
    readonly reused_from_run?: string | null;
    readonly reused_at: string | null;
  },
  nowMs: number,
): string {
  if (task.reused_from === null) return '–';
  const run = task.reused_from_run ?? null;
  const source = run === null ? `result ${shortenId(task.reused_from)}` : `run ${shortenId(run)}`;
  return task.reused_at === null ? source : `${source}, ${formatAge(task.reused_at, nowMs)}`;
}

export function renderVerdict(verdict: 'full' | 'partial' | 'none' | null, style: Style): string {
  switch (verdict) {
    case 'full':
      return style.good('full');
    case 'partial':
      return style.attention('partial');
    case 'none':
      return 'none';
    case null:
      return '–';
  }
}

/** Why not (fully) reused, in one sentence; undefined where there is nothing to say. */
export function explainWork(verdict: string | null, why: readonly ReuseReason[] | null): string | undefined {
  if (verdict === 'full' || verdict === null) return undefined;
  if (why === null) return 'There is no earlier result of this task.';
  const [first, ...rest] = why;
  if (first === undefined) return undefined;
  const more =
    rest.length === 0 ? '' : ` (and ${rest.length} more ${rest.length === 1 ? 'difference' : 'differences'})`;
  return `${cleanLine(first.sentence)}${more}`;
}
