import { formatNumber, formatSeconds } from './report.ts';
import { phases } from './round-view.ts';
import type { ChaosFigures } from './run-chaos.ts';

/** The figures of a chaos run, for people. */
export function renderFigures(figures: ChaosFigures): string {
  const { queries, kills } = figures;
  const total = [...kills.values()].reduce((sum, count) => sum + count, 0);
  return renderLines([
    ['rounds', `${figures.rounds}: ${figures.runs} runs, ${figures.taskResults} task results`],
    ['kills', `${total}: ${phases.map((phase) => `${kills.get(phase) ?? 0} ${phase}`).join(', ')}`],
    ['killed commands', `${figures.killedCommands}; ${figures.givenUp} gave up for want of a server`],
    ['open runs', `0 left; ${figures.leftOpen} of them needed the same command once more`],
    ['answers', `${formatNumber(queries.answered)} of ${formatNumber(queries.expected)} expected`],
    ['sent again', `${formatNumber(queries.resent)}; at most ${formatNumber(queries.bound)} may be`],
    ['lost in one kill', `${queries.mostLost} answers at most`],
    ['broken off', `${formatNumber(queries.cut)} requests by kills, ${formatNumber(queries.faulted)} by the service`],
    ['longest pause', `${formatSeconds(figures.longestPauseMs)} without a query while some were left`],
    ['wrong digests', String(figures.problems.filter((problem) => problem.includes('digest')).length)],
  ]);
}

/** A name and a figure a line. */
export function renderLines(lines: readonly (readonly [string, string])[]): string {
  return lines.map(([name, value]) => `${name.padEnd(18)}${value}`).join('\n');
}
