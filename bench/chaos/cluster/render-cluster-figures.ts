import { renderLines } from '../render-figures.ts';
import { formatNumber, formatSeconds } from '../report.ts';
import { mostInFlight } from '../write-run-file.ts';
import { faultKinds } from './draw-fault.ts';
import type { ClusterFigures } from './run-cluster-chaos.ts';

/** The figures of a chaos run on a cluster, for people. */
export function renderClusterFigures(figures: ClusterFigures): string {
  const { queries, faults, losses } = figures;
  const total = [...faults.values()].reduce((sum, count) => sum + count, 0);
  const kinds = faultKinds.map((kind) => `${faults.get(kind) ?? 0} ${kind.replaceAll('-', ' ')}`);
  return renderLines([
    [
      'rounds',
      `${figures.rounds}: ${figures.runs} runs, ${figures.taskResults} task results, ${figures.workers} workers`,
    ],
    ['faults', `${total}: ${kinds.join(', ')}`],
    [
      'given up',
      `${figures.clientsGivenUp} commands and ${figures.workersGivenUp} starts of workers, for want of a server`,
    ],
    ['open runs', '0 left'],
    ['answers', `${formatNumber(queries.answered)} of ${formatNumber(queries.expected)} expected`],
    [
      'sent again',
      `${formatNumber(queries.resent)}; at most ${formatNumber(queries.bound)} may be: ${losses} times ${mostInFlight} in flight`,
    ],
    ['broken off', `${formatNumber(queries.cut)} requests by faults, ${formatNumber(queries.faulted)} by the service`],
    ['longest pause', `${formatSeconds(figures.longestPauseMs)} without a query while some were left`],
    ['wrong digests', String(figures.problems.filter((problem) => problem.includes('digest')).length)],
  ]);
}
