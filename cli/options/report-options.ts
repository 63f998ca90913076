import type { Command } from 'commander';
import { EvaluationError } from '../../contracts/evaluation-error.ts';

/** Files that a command writes besides what it prints. */
export interface ReportFlags {
  readonly junit?: string;
  readonly csv?: string;
  readonly markdown?: string;
}

export function addReportOptions(command: Command): Command {
  return command
    .option('--junit <file>', 'also write samples, alerts and failures as JUnit XML, for the test view of a CI service')
    .option('--csv <file>', 'also write the metrics as CSV, a row per task and metric')
    .option('--markdown <file>', 'also write the result as Markdown, for a comment on a pull request');
}

export function hasReports({ junit, csv, markdown }: ReportFlags): boolean {
  return [junit, csv, markdown].some((file) => file !== undefined);
}

/** @throws {EvaluationError} `usage` where a command that does not see the end of a run is to report on it. */
export function checkNoReports(flags: ReportFlags): void {
  if (!hasReports(flags)) return;
  throw new EvaluationError('usage', '--detach leaves the run, and --junit, --csv and --markdown report on its end.', {
    hint: 'Give them to "stet watch", which waits for the end.',
  });
}
