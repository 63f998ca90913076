import type { DiffDocument, DiffOptions } from '../client/diff/diff-document.ts';
import type { Stet } from '../client/stet.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { renderDiff } from './output/diff-view.ts';
import { writeJson } from './output/json.ts';
import { makeHumanOutput } from './output/output.ts';
import { withStore } from './with-store.ts';

interface DiffFlags extends StoreFlags {
  readonly by?: string;
  readonly failIf?: readonly string[];
  readonly confidence?: number;
  readonly samples?: number;
}

export const defineDiffCommand: DefineCommand = (command, perform) => {
  addStoreOptions(command)
    .argument('<first>', 'RUN or RUN/TASK; a run is an id, unique beginning of an id, label, "latest" or "latest~1"')
    .argument('[second]', 'RUN or RUN/TASK; changes are from the first to the second')
    .option('--by <name>', 'compare tasks of one run that differ only in the "model", or in this parameter')
    .option(
      '--fail-if <condition>',
      'exit with 3 if the second is beyond a bound: "accuracy < 0.7", or signed, for a change beyond noise, "accuracy < -0.02"; may be repeated',
      collectCondition,
    )
    .option('--confidence <level>', 'level of the intervals, such as 0.99 (default: 0.95)', parseLevel)
    .option(
      '--samples <number>',
      'list at most so many ids of each kind of samples, or "all" (default: 20)',
      parseLimit,
    )
    .addHelpText(
      'after',
      renderExamples([
        'stet diff latest~1 latest --fail-if "accuracy < -0.02"',
        'stet diff latest --by model --json',
        'stet diff baseline/answers latest/answers-short',
      ]),
    )
    .action((first: string, second: string | undefined, flags: DiffFlags) =>
      perform((context) => withStore(context, flags, (stet) => diff(context, flags, { stet, first, second }))),
    );
};

async function diff(
  context: CommandContext,
  flags: DiffFlags,
  named: { readonly stet: Stet; readonly first: string; readonly second: string | undefined },
): Promise<number> {
  const document = await makeDocument(flags, named);
  if (flags.json === true) writeJson(context.stdout, document);
  else {
    const output = makeHumanOutput(context, flags);
    output.write(renderDiff(document, output, context.now()));
  }
  return document.gates.every(({ verdict }) => verdict === 'passed') ? exitCodes.done : exitCodes.gate;
}

async function makeDocument(
  { by, failIf, confidence, samples }: DiffFlags,
  { stet, first, second }: { readonly stet: Stet; readonly first: string; readonly second: string | undefined },
): Promise<DiffDocument> {
  const options: DiffOptions = {
    ...(failIf === undefined ? {} : { failIf }),
    ...(confidence === undefined ? {} : { confidence }),
    ...(samples === undefined ? {} : { samples }),
  };
  if (by !== undefined) {
    if (second === undefined) return stet.diff(first, { ...options, by });
    throw new EvaluationError('usage', '--by compares tasks of one run, and two are named.');
  }
  if (second !== undefined) return stet.diff(first, second, options);
  throw new EvaluationError('usage', 'There is nothing to compare with.', {
    hint: `Name a second run, or compare tasks of one: stet diff ${first} --by model.`,
  });
}

function collectCondition(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

function parseLevel(text: string): number {
  const level = Number(text);
  if (text.trim() !== '' && level > 0.5 && level < 1) return level;
  throw new EvaluationError('usage', `--confidence takes a share between 0.5 and 1, not ${JSON.stringify(text)}.`, {
    hint: 'Such as 0.99.',
  });
}

function parseLimit(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new EvaluationError('usage', `--samples takes a whole number or "all", not ${JSON.stringify(text)}.`);
}
