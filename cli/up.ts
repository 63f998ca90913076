import type { DefineCommand } from './commands.ts';
import { renderExamples } from './options/examples.ts';
import { addServeOptions, type ServeFlags, toServeOptions } from './options/worker-options.ts';
import { serveUntilStopped } from './serve-until-stopped.ts';

export const defineUpCommand: DefineCommand = (command, perform) => {
  addServeOptions(command)
    .addHelpText('after', renderExamples(['stet up', 'stet up --store /data/evaluations/.stet --health 8081']))
    .action((flags: ServeFlags) =>
      perform((context) => serveUntilStopped(context, flags, { role: 'up', ui: true, ...toServeOptions(flags) })),
    );
};
