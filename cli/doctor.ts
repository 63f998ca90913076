import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { renderExamples } from './options/examples.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { renderDiagnoses } from './output/diagnoses.ts';
import { writeJson } from './output/json.ts';
import { makeHumanOutput } from './output/output.ts';
import { reportOpenRuns } from './report-open-runs.ts';
import { withStore } from './with-store.ts';

export const defineDoctorCommand: DefineCommand = (command, perform) => {
  addStoreOptions(command)
    .addHelpText('after', renderExamples(['stet doctor', 'stet doctor --store /data/evaluations/.stet --json']))
    .action((flags: StoreFlags) => perform((context) => examine(context, flags)));
};

async function examine(context: CommandContext, flags: StoreFlags): Promise<number> {
  const diagnoses = await context.diagnose({
    ...(flags.store === undefined ? {} : { store: flags.store }),
    onNotice: (message) => context.stderr.write(`${message}\n`),
  });
  const isWell = diagnoses.every((diagnosis) => diagnosis.ok);
  const output = makeHumanOutput(context, flags);
  if (flags.json === true) writeJson(context.stdout, { ok: isWell, checks: diagnoses });
  else output.write(renderDiagnoses(diagnoses, output.style));
  // What is wrong with a store is said above.
  await withStore(context, flags, (stet) => reportOpenRuns(context, stet, flags)).catch(() => undefined);
  return isWell ? exitCodes.done : exitCodes.failed;
}
