import path from 'node:path';
import { Option } from 'commander';
import { makeSampleRows, type SampleRow } from '../client/sample-rows.ts';
import type { Stet } from '../client/stet.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { addWhereOption, type WhereFlags } from './options/where-option.ts';
import { formatPlural } from './output/format.ts';
import { writeJson } from './output/json.ts';
import { makeHumanOutput } from './output/output.ts';
import { reportOpenRuns } from './report-open-runs.ts';
import { checkWritable, writeWhole } from './reports/report-file.ts';
import { createSampleColumns } from './reports/samples-csv.ts';
import { writePatiently } from './reports/write-patiently.ts';
import { withStore } from './with-store.ts';

const sampleFormats = ['jsonl', 'csv'] as const;
type SampleFormat = (typeof sampleFormats)[number];

interface ExportFlags extends StoreFlags, WhereFlags {
  readonly samples?: SampleFormat;
  readonly task?: string;
  readonly output?: string;
}

export const defineExportCommand: DefineCommand = (command, perform) => {
  addStoreOptions(addWhereOption(command))
    .argument('<run>', 'id, unique beginning of an id, label, "latest" or "latest~1"')
    .addOption(
      new Option(
        '--samples <format>',
        'every sample, a row per trial: dataset row, output, scores, errors, tokens, times',
      ).choices(sampleFormats),
    )
    .option('--task <key>', 'only of this task specification')
    .option('-o, --output <file>', 'write to this file in place of standard output')
    .addHelpText(
      'after',
      renderExamples([
        'stet export latest --samples jsonl > samples.jsonl',
        'stet export latest --samples csv --task answers -o samples.csv',
        'stet export nightly --samples jsonl --where "errors"',
      ]),
    )
    .action((run: string, flags: ExportFlags) => perform((context) => exportRun(context, flags, run)));
};

async function exportRun(context: CommandContext, flags: ExportFlags, reference: string): Promise<number> {
  const { samples: format, output: file } = flags;
  if (format === undefined) {
    throw new EvaluationError('usage', 'Nothing says what is to be exported.', {
      hint: `Add --samples ${sampleFormats.join(' or --samples ')}.`,
    });
  }
  if (flags.json === true && file === undefined) {
    throw new EvaluationError('usage', 'Standard output cannot hold both the samples and the document of --json.', {
      hint: 'Write the samples to a file with -o, or leave --json out: --samples jsonl is JSON as well.',
    });
  }
  const target = file === undefined ? undefined : path.resolve(context.workingDirectory, file);
  if (target !== undefined) await checkWritable(target, '-o');
  return withStore(context, flags, async (stet) => {
    const run = await stet.show(reference);
    // A wrong key is named by the library, with the nearest that there is.
    const tasks = flags.task === undefined ? run.tasks.map(({ key }) => key) : [flags.task];
    const readRows = () => iterateRows(stet, { run: run.run, tasks, where: flags.where });
    const compose = (write: Write) => writeSamples(format, readRows, write);
    let rows = 0;
    if (target === undefined) rows = await compose((text) => writePatiently(context.stdout, text));
    else {
      await writeWhole(target, async (report) => {
        rows = await compose(async (text) => {
          await report.write(text);
          return true;
        });
      });
      if (flags.json === true) writeJson(context.stdout, { run: run.run, file: target, format, rows });
      else makeHumanOutput(context, flags).write(`${formatPlural(rows, 'row')} written to ${file}.\n`);
    }
    await reportOpenRuns(context, stet, flags);
    return exitCodes.done;
  });
}

/** Says whether anybody still reads. */
type Write = (text: string) => Promise<boolean>;

/** @returns how many rows were written. */
async function writeSamples(
  format: SampleFormat,
  readRows: () => AsyncIterable<SampleRow & { readonly run: string }>,
  write: Write,
): Promise<number> {
  const columns = createSampleColumns();
  if (format === 'csv') {
    // The head names what the samples have between them, so they are read twice, and never held.
    for await (const row of readRows()) columns.collect(row);
    if (!(await write(columns.renderHead()))) return 0;
  }
  let rows = 0;
  for await (const row of readRows()) {
    const isRead = await write(format === 'csv' ? columns.renderRow(row) : `${JSON.stringify(row)}\n`);
    if (!isRead) break;
    rows += 1;
  }
  return rows;
}

async function* iterateRows(
  stet: Stet,
  wanted: { readonly run: string; readonly tasks: readonly string[]; readonly where: string | undefined },
): AsyncGenerator<SampleRow & { readonly run: string }> {
  const { run, tasks, where } = wanted;
  for (const task of tasks) {
    for await (const sample of stet.samples(run, { task, ...(where === undefined ? {} : { where }) })) {
      for (const row of makeSampleRows(sample)) yield { run, ...row };
    }
  }
}
