import type { Command } from 'commander';
import type { Stet } from '../client/stet.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand, Perform } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { parseCount, parseDuration } from './options/parse-duration.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { renderCacheGc } from './output/cache-gc.ts';
import { renderCacheList } from './output/cache-list.ts';
import { renderCacheRm } from './output/cache-rm.ts';
import { renderCacheVerify } from './output/cache-verify.ts';
import { writeJson } from './output/json.ts';
import { makeCommandLines } from './output/next-steps.ts';
import { type HumanOutput, makeHumanOutput } from './output/output.ts';
import { makeProgressView } from './output/progress.ts';
import { reportOpenRuns } from './report-open-runs.ts';
import { withStore } from './with-store.ts';

interface GcFlags extends StoreFlags {
  readonly olderThan?: number;
  readonly keepLatest?: number;
  readonly dryRun?: boolean;
}

interface RmFlags extends StoreFlags {
  readonly purge?: boolean;
  readonly dryRun?: boolean;
}

export const defineCacheCommand: DefineCommand = (command, perform) => {
  command.addHelpText('after', renderExamples(['stet cache ls', 'stet cache verify', 'stet cache gc --dry-run']));
  defineLs(command.command('ls'), perform);
  defineVerify(command.command('verify'), perform);
  defineGc(command.command('gc'), perform);
  defineRm(command.command('rm'), perform);
};

function defineLs(command: Command, perform: Perform): void {
  const description = 'list what is stored and what of it can be reused';
  addStoreOptions(describe(command, description))
    .option('--task <key>', 'only results of this task, or of this task specification')
    .addHelpText('after', renderExamples(['stet cache ls', 'stet cache ls --task answers --json']))
    .action((flags: StoreFlags & { readonly task?: string }) =>
      perform((context) =>
        showDocument(context, flags, {
          work: ({ cache }) => cache.list(flags.task === undefined ? {} : { task: flags.task }),
          render: (document, output) => renderCacheList(document, output, context.now()),
        }),
      ),
    );
}

function defineVerify(command: Command, perform: Perform): void {
  const description = 'read everything that is stored; exit with 1 where something is lost or damaged';
  addStoreOptions(describe(command, description))
    .addHelpText('after', renderExamples(['stet cache verify', 'stet cache verify --json']))
    .action((flags: StoreFlags) => perform((context) => verify(context, flags)));
}

function verify(context: CommandContext, flags: StoreFlags): Promise<number> {
  const progress = makeProgressView(context);
  return showDocument(context, flags, {
    async work({ cache }) {
      try {
        return await cache.verify({
          onProgress: ({ done, total }) => progress.setStatusLine(`verifying: ${done} of ${total} pieces`),
        });
      } finally {
        progress.end();
      }
    },
    render: renderCacheVerify,
    exitCode: ({ sound }) => (sound ? exitCodes.done : exitCodes.failed),
  });
}

function defineGc(command: Command, perform: Perform): void {
  const description = 'remove what nothing refers to and, where asked for, old runs';
  addStoreOptions(describe(command, description))
    .option('--older-than <duration>', 'also forget runs that ended longer ago, such as 30d', parseDuration)
    .option(
      '--keep-latest <number>',
      'with --older-than: keep the latest results of each task specification (1)',
      parseCount,
    )
    .option('--dry-run', 'say what would be freed, and change nothing')
    .addHelpText('after', renderExamples(['stet cache gc', 'stet cache gc --older-than 30d --keep-latest 3 --dry-run']))
    .action((flags: GcFlags) => perform((context) => collectGarbage(context, flags)));
}

async function collectGarbage(context: CommandContext, flags: GcFlags): Promise<number> {
  const { olderThan, keepLatest, dryRun = false } = flags;
  if (keepLatest !== undefined && olderThan === undefined) {
    throw new EvaluationError('usage', '--keep-latest says what --older-than spares; without it no run is forgotten.', {
      hint: 'Add --older-than, such as --older-than 30d.',
    });
  }
  const options = {
    dryRun,
    ...(olderThan === undefined ? {} : { olderThanMs: olderThan }),
    ...(keepLatest === undefined ? {} : { keepLatest }),
  };
  return showDocument(context, flags, { work: ({ cache }) => cache.gc(options), render: renderCacheGc });
}

function defineRm(command: Command, perform: Perform): void {
  const description = 'take results out: no look-up finds them any more';
  addStoreOptions(describe(command, description))
    .argument('<run[/task]...>', 'a run (id, unique beginning of an id, label, "latest"), or one task of it')
    .option('--purge', 'erase at once what nothing else uses; otherwise the next gc does')
    .option('--dry-run', 'say what would go, and change nothing')
    .addHelpText('after', renderExamples(['stet cache rm latest', 'stet cache rm 1f3a/answers --purge']))
    .action((references: readonly string[], flags: RmFlags) =>
      perform((context) => {
        const { purge = false, dryRun = false } = flags;
        const commandLine = makeCommandLines(context.environment, flags);
        return showDocument(context, flags, {
          work: ({ cache }) => cache.remove(references, { purge, dryRun }),
          render: (document) => renderCacheRm(document, commandLine),
        });
      }),
    );
}

/** One text for the list of commands and, as a sentence, for the help of this one. */
function describe(command: Command, text: string): Command {
  return command.summary(text).description(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}

async function showDocument<Document>(
  context: CommandContext,
  flags: StoreFlags,
  {
    work,
    render,
    exitCode = () => exitCodes.done,
  }: {
    readonly work: (stet: Stet) => Promise<Document>;
    readonly render: (document: Document, output: HumanOutput) => string;
    readonly exitCode?: (document: Document) => number;
  },
): Promise<number> {
  return withStore(context, flags, async (stet) => {
    const document = await work(stet);
    const output = makeHumanOutput(context, flags);
    if (flags.json === true) writeJson(context.stdout, document);
    else output.write(render(document, output));
    await reportOpenRuns(context, stet, flags);
    return exitCode(document);
  });
}
