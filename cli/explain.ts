import type { Stet } from '../client/stet.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { addOverrideOptions, type RunFileFlags, toPlanOptions } from './options/run-file-options.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { renderAgainst } from './output/against-view.ts';
import { renderExplanation } from './output/explain-view.ts';
import { writeJson } from './output/json.ts';
import { makeHumanOutput } from './output/output.ts';
import { withStore } from './with-store.ts';

interface ExplainFlags extends Omit<RunFileFlags, 'file'>, StoreFlags {
  readonly file?: string;
  readonly against?: string;
}

interface Named {
  readonly run: string | undefined;
  readonly task: string | undefined;
  readonly sample: string | undefined;
}

export const defineExplainCommand: DefineCommand = (command, perform) => {
  addStoreOptions(
    addOverrideOptions(command.option('-f, --file <file>', 'run file to compare with the run of --against')),
  )
    .argument('[run]', 'id, unique beginning of an id, label, "latest" or "latest~1"')
    .argument('[task]', 'key of a task specification')
    .argument('[sample]', 'id of a sample')
    .option('--against <run>', 'with -f: show in which fields the file is other than this run')
    .addHelpText(
      'after',
      renderExamples(['stet explain latest answers hours-07', 'stet explain -f run.yaml --against latest~1']),
    )
    .action((run: string | undefined, task: string | undefined, sample: string | undefined, flags: ExplainFlags) =>
      perform((context) => withStore(context, flags, (stet) => explain(context, flags, { stet, run, task, sample }))),
    );
};

async function explain(
  context: CommandContext,
  flags: ExplainFlags,
  { stet, run, task, sample }: Named & { readonly stet: Stet },
): Promise<number> {
  const output = makeHumanOutput(context, flags);
  if (flags.file !== undefined || flags.against !== undefined) {
    const { file, against } = checkComparison(flags, run);
    const document = await stet.explainAgainst(file, against, toPlanOptions(flags, context.environment));
    if (flags.json === true) writeJson(context.stdout, document);
    else output.write(renderAgainst(document, output, context.now()));
    return exitCodes.done;
  }
  if (run === undefined) throw makeUsageError('No run is named.');
  const document = await stet.explain(run, {
    ...(task === undefined ? {} : { task }),
    ...(sample === undefined ? {} : { sample }),
  });
  if (flags.json === true) writeJson(context.stdout, document);
  else output.write(renderExplanation(document, output, context.now()));
  return exitCodes.done;
}

function checkComparison(
  { file, against }: ExplainFlags,
  run: string | undefined,
): { readonly file: string; readonly against: string } {
  if (run !== undefined) throw makeUsageError('With -f and --against no other run is named.');
  if (file === undefined) throw makeUsageError('--against needs the run file: add -f FILE.');
  if (against === undefined) throw makeUsageError('-f needs the run to compare with: add --against RUN.');
  return { file, against };
}

function makeUsageError(message: string): EvaluationError {
  return new EvaluationError('usage', message, {
    hint: 'Use `stet explain RUN [TASK [SAMPLE]]`, or `stet explain -f FILE --against RUN`.',
  });
}
