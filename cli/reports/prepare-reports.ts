import path from 'node:path';
import type { RunDocument } from '../../client/run-document.ts';
import type { Stet } from '../../client/stet.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { ReportFlags } from '../options/report-options.ts';
import { renderErrorFor } from '../output/errors.ts';
import { writeJunit } from './junit.ts';
import { renderMarkdownReport } from './markdown-report.ts';
import { renderMetricsCsv } from './metrics-csv.ts';
import { checkWritable, writeWhole } from './report-file.ts';

/** The files that were asked for, known to be writable. */
export interface Reports {
  /**
   * Each appears whole or not at all; one that cannot be written is named on standard error.
   *
   * @returns whether all are written.
   */
  write(stet: Stet, run: RunDocument): Promise<boolean>;
}

const kinds = ['junit', 'csv', 'markdown'] as const;

/**
 * To be called before anything is spent.
 *
 * @throws {EvaluationError} `usage` where a file cannot be written, or is named twice.
 */
export async function prepareReports(context: CommandContext, flags: ReportFlags): Promise<Reports> {
  const wanted = kinds.flatMap((kind) => {
    const file = flags[kind];
    return file === undefined ? [] : [{ kind, file: path.resolve(context.workingDirectory, file) }];
  });
  for (const [index, { kind, file }] of wanted.entries()) {
    const other = wanted.slice(0, index).find((earlier) => earlier.file === file);
    if (other !== undefined) {
      throw new EvaluationError('usage', `--${other.kind} and --${kind} name the same file: ${file}.`);
    }
    await checkWritable(file, `--${kind}`);
  }
  return {
    async write(stet, run) {
      let isWritten = true;
      for (const { kind, file } of wanted) {
        try {
          await writeReport(kind, file, { stet, run, nowMs: context.now() });
        } catch (error) {
          isWritten = false;
          context.stderr.write(renderErrorFor(context, error));
        }
      }
      return isWritten;
    },
  };
}

function writeReport(
  kind: (typeof kinds)[number],
  file: string,
  { stet, run, nowMs }: { readonly stet: Stet; readonly run: RunDocument; readonly nowMs: number },
): Promise<void> {
  return writeWhole(file, async (report) => {
    switch (kind) {
      case 'junit':
        return writeJunit(report, run, ({ key }) => stet.samples(run.run, { task: key }));
      case 'csv':
        return report.write(renderMetricsCsv(run));
      case 'markdown':
        return report.write(renderMarkdownReport(run, nowMs));
    }
  });
}
