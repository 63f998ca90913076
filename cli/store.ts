import type { Command } from 'commander';
import type { RekeyProgress } from '../embedded/rekey-store.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand, Perform } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { writeJson } from './output/json.ts';
import { makeHumanOutput } from './output/output.ts';
import { makeProgressView } from './output/progress.ts';
import { makeRekeyDocument, renderRekey } from './output/store-rekey.ts';

export const defineStoreCommand: DefineCommand = (command, perform) => {
  command.addHelpText('after', renderExamples(['stet store migrate', 'stet store rekey']));
  defineMigrate(command.command('migrate'), perform);
  defineRekey(command.command('rekey'), perform);
};

function defineMigrate(command: Command, perform: Perform): void {
  const description = 'bring the schema of the store to that of this release; there is no way back';
  addStoreOptions(command.summary(description).description(description))
    .addHelpText(
      'after',
      renderExamples(['stet store migrate', 'stet store migrate --store postgres://stet@db.example.com/stet']),
    )
    .action((flags: StoreFlags) => perform((context) => migrate(context, flags)));
}

async function migrate(context: CommandContext, flags: StoreFlags): Promise<number> {
  const { store, from, to } = await context.migrate({
    ...(flags.store === undefined ? {} : { store: flags.store }),
    onNotice: (message) => context.stderr.write(`${message}\n`),
  });
  if (flags.json === true) writeJson(context.stdout, { store, from, to });
  else {
    const text =
      from === to
        ? `The store at ${store} has schema version ${to} already.`
        : from === 0
          ? `Made a store at ${store}, with schema version ${to}.`
          : `Migrated the store at ${store} from schema version ${from} to ${to}.`;
    makeHumanOutput(context, flags).write(`${text}\n`);
  }
  return exitCodes.done;
}

function defineRekey(command: Command, perform: Perform): void {
  const description = 'encrypt the store, or have everything in it sealed with the first configured key';
  addStoreOptions(command.summary(description).description(description))
    .addHelpText(
      'after',
      renderExamples([
        'STET_ENCRYPTION_KEY_FILE=./keys stet store rekey',
        'stet store rekey --store /data/.stet --json',
      ]),
    )
    .action((flags: StoreFlags) => perform((context) => rekey(context, flags)));
}

async function rekey(context: CommandContext, flags: StoreFlags): Promise<number> {
  const progress = makeProgressView(context);
  const report = await context
    .rekey({
      ...(flags.store === undefined ? {} : { store: flags.store }),
      onNotice: (message) => context.stderr.write(`${message}\n`),
      onProgress: (at) => progress.setStatusLine(describeProgress(at)),
    })
    .finally(() => progress.end());
  if (flags.json === true) writeJson(context.stdout, makeRekeyDocument(report));
  else makeHumanOutput(context, flags).write(renderRekey(report));
  return exitCodes.done;
}

function describeProgress({ step, done }: RekeyProgress): string {
  return step === 'compacting' ? 'compacting the database' : `sealing ${step}: ${done}`;
}
