import type { Stet } from '../client/stet.ts';
import type { RescoreDocument, TryDocument } from '../client/try/try-documents.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes, signalExitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { parsePositiveInteger } from './options/parse-positive-integer.ts';
import { collectSetOption, type SetOption } from './options/set-option.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { addWhereOption, type WhereFlags } from './options/where-option.ts';
import { writeJson } from './output/json.ts';
import { makeHumanOutput } from './output/output.ts';
import { renderRescore, renderTry } from './output/try-view.ts';
import { watchStopSignals } from './stop-signals.ts';
import { withStore } from './with-store.ts';

interface TryFlags extends StoreFlags, WhereFlags {
  readonly file?: string;
  readonly task?: string;
  readonly sample?: readonly string[];
  readonly rescore?: string;
  readonly limit?: number;
  readonly set?: readonly SetOption[];
  readonly numSamples?: number;
  readonly env?: string;
}

export const defineTryCommand: DefineCommand = (command, perform) => {
  addStoreOptions(
    addWhereOption(
      command
        .option('-f, --file <file>', 'run file (YAML or JSON); with --rescore by default that of the run')
        .option('--task <key>', 'task specification (default: the first)')
        .option(
          '--sample <sample>',
          'id of a sample, or its number from 1 (default: the first); may be repeated',
          collectSample,
        )
        .option('--rescore <run>', 'score stored answers of a run with the file as it is now; publish nothing'),
      'with --rescore: ',
    ).option('--limit <number>', 'with --rescore: samples at most (default: 20)', parsePositiveInteger),
  )
    .option('--set <path=value>', 'change a value of the run file; may be repeated', collectSetOption)
    .option('--num-samples <number>', 'at most this many samples per dataset', parsePositiveInteger)
    .option('--env <file>', 'read this file in place of the .env beside the run file; it beats the environment')
    .addHelpText(
      'after',
      renderExamples([
        'stet try -f examples/quickstart/run.yaml --sample hours-07',
        'stet try -f run.yaml --task answers --set config.model=endpoint --sample 1 --sample 2',
        'stet try --rescore latest -f run.yaml --where "not scores.includes.is_correct"',
      ]),
    )
    .action((flags: TryFlags) => perform((context) => tryOut(context, flags)));
};

async function tryOut(context: CommandContext, flags: TryFlags): Promise<number> {
  checkFlags(flags);
  const stop = watchStopSignals(context);
  const stopping = new AbortController();
  stop.onStop(() => stopping.abort());
  try {
    const output = makeHumanOutput(context, flags);
    const document = await withStore(context, flags, (stet) => ask(stet, flags, stopping.signal));
    if (flags.json === true) writeJson(context.stdout, document);
    else if ('run' in document) output.write(renderRescore(document, output, { inFull: flags.sample !== undefined }));
    else output.write(renderTry(document, output));
    return document.errors > 0 || document.error !== null ? exitCodes.failed : exitCodes.done;
  } catch (error) {
    if (stop.signal === undefined || !stopping.signal.aborted) throw error;
    context.stderr.write('Stopped. Nothing was stored.\n');
    return signalExitCodes[stop.signal];
  } finally {
    stop.end();
  }
}

function ask(stet: Stet, flags: TryFlags, signal: AbortSignal): Promise<TryDocument | RescoreDocument> {
  const { file, task, sample, rescore, where, limit, set, numSamples, env } = flags;
  const options = {
    ...(task === undefined ? {} : { task }),
    ...(sample === undefined ? {} : { samples: sample }),
    ...(set === undefined ? {} : { set }),
    ...(numSamples === undefined ? {} : { numSamples }),
    ...(env === undefined ? {} : { envFile: env }),
    signal,
  };
  if (rescore === undefined) return stet.try(file ?? '', options);
  return stet.rescore(rescore, {
    ...options,
    ...(file === undefined ? {} : { source: file }),
    ...(where === undefined ? {} : { where }),
    ...(limit === undefined ? {} : { limit }),
  });
}

function checkFlags({ file, rescore, where, limit, sample }: TryFlags): void {
  if (rescore === undefined) {
    if (file === undefined) {
      throw new EvaluationError('usage', 'No run file is named.', {
        hint: 'Name it with -f FILE, or the run whose answers are scored anew with --rescore RUN.',
      });
    }
    if (where === undefined && limit === undefined) return;
    throw new EvaluationError('usage', '--where and --limit choose among the stored samples of --rescore RUN.', {
      hint: 'Name samples to run with --sample.',
    });
  }
  if (sample === undefined || (where === undefined && limit === undefined)) return;
  throw new EvaluationError('usage', '--sample names the samples; --where and --limit choose some.', {
    hint: 'Leave out one of them.',
  });
}

function collectSample(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}
