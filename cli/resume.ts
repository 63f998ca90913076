import type { DefineCommand } from './commands.ts';
import { followRun } from './follow-run.ts';
import { renderExamples } from './options/examples.ts';
import { addStoreOptions, addUiOption, type StoreFlags } from './options/store-options.ts';

export const defineResumeCommand: DefineCommand = (command, perform) => {
  addUiOption(addStoreOptions(command))
    .argument('<run>', 'id, unique beginning of an id, label, "latest" or "latest~1"')
    .addHelpText('after', renderExamples(['stet resume latest', 'stet resume nightly --json']))
    .action((run: string, flags: StoreFlags) =>
      perform((context) => followRun(context, flags, (stet) => stet.resume(run))),
    );
};
