import type { DefineCommand } from './commands.ts';
import { beginRun, type Stay, stayUntilEnd } from './follow-run.ts';
import { renderExamples } from './options/examples.ts';
import { addReportOptions, type ReportFlags } from './options/report-options.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';

export const defineWatchCommand: DefineCommand = (command, perform) => {
  addReportOptions(addStoreOptions(command))
    .argument('[run]', 'id, unique beginning of an id, label, "latest" or "latest~1"; default: the newest open run')
    .addHelpText(
      'after',
      renderExamples(['stet watch', 'stet watch nightly --json', 'stet watch latest --junit junit.xml']),
    )
    .action((run: string | undefined, flags: StoreFlags & ReportFlags) =>
      perform((context) => beginRun(context, flags, (stet) => stet.watch(run), watchUntilEnd)),
    );
};

/** A signal ends the watching, never the run. */
const watchUntilEnd: Stay = (context, flags, work) => {
  const drained = new Promise<void>((resolve) => {
    work.stop.onStop(() => {
      work.handle.drain().then(resolve, resolve);
    });
  });
  return stayUntilEnd(context, flags, work, { drained, end: () => {} });
};
