import type { DefineCommand } from './commands.ts';
import { renderExamples } from './options/examples.ts';
import { parsePositiveInteger } from './options/parse-positive-integer.ts';
import { addServeOptions, type ServeFlags, toServeOptions } from './options/worker-options.ts';
import { serveUntilStopped } from './serve-until-stopped.ts';

interface WorkerFlags extends ServeFlags {
  readonly env?: string;
  readonly maxSegments?: number;
  readonly maxCachedWorkflows?: number;
}

export const defineWorkerCommand: DefineCommand = (command, perform) => {
  addServeOptions(command)
    .option('--env <file>', 'read this file in place of the .env in the working directory; it beats the environment')
    .option('--max-segments <number>', 'segments worked on at once (default: 16)', parsePositiveInteger)
    .option(
      '--max-cached-workflows <number>',
      'workflows kept in memory between their steps (default: 500)',
      parsePositiveInteger,
    )
    .addHelpText('after', renderExamples(['stet worker', 'stet worker --env worker.env --health 8081']))
    .action(({ env, maxSegments, maxCachedWorkflows, ...flags }: WorkerFlags) =>
      perform((context) =>
        serveUntilStopped(context, flags, {
          role: 'worker',
          ...toServeOptions(flags),
          ...(env === undefined ? {} : { envFile: env }),
          ...(maxSegments === undefined ? {} : { maxSegments }),
          ...(maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows }),
        }),
      ),
    );
};
