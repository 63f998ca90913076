import { type Command, Option } from 'commander';
import type { ScheduleDocument } from '../client/schedules/schedule-documents.ts';
import type { Timing } from '../client/schedules/schedules.ts';
import type { Stet } from '../client/stet.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { type OverlapPolicy, overlapPolicies } from '../contracts/schedules.ts';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand, Perform } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { type AlertFlags, addAlertOptions, toAlertOptions } from './options/alert-options.ts';
import { renderExamples } from './options/examples.ts';
import { parseDuration } from './options/parse-duration.ts';
import { parseMoment } from './options/parse-moment.ts';
import { addRunFileOptions, type RunFileFlags, toPlanOptions } from './options/run-file-options.ts';
import { addStoreOptions, type StoreFlags } from './options/store-options.ts';
import { writeJson } from './output/json.ts';
import { makeCommandLines } from './output/next-steps.ts';
import { makeHumanOutput } from './output/output.ts';
import { renderScheduleList } from './output/schedule-list.ts';
import { renderAddedSchedule, renderSchedule } from './output/schedule-view.ts';
import { reportOpenRuns } from './report-open-runs.ts';
import { withStore } from './with-store.ts';

interface AddFlags extends RunFileFlags, StoreFlags, AlertFlags {
  readonly cron?: string;
  readonly every?: number;
  readonly timezone?: string;
  readonly name?: string;
  readonly jitter?: number;
  readonly overlap?: OverlapPolicy;
  readonly catchUp?: number;
  readonly track?: boolean;
  readonly notify?: string;
  readonly notifySecret?: string;
}

interface BackfillFlags extends StoreFlags {
  readonly from: Date;
  readonly to: Date;
}

export const defineScheduleCommand: DefineCommand = (command, perform) => {
  command.addHelpText(
    'after',
    renderExamples([
      'stet schedule add -f run.yaml --cron "0 3 * * mon-fri" --cache-policy update',
      'stet schedule list',
      'stet schedule show nightly',
    ]),
  );
  defineAdd(command.command('add'), perform);
  defineList(command.command('list'), perform);
  defineShow(command.command('show'), perform);
  defineChange(command, perform, 'pause', 'fire no more until it is resumed', 'is paused; nothing fires');
  defineChange(command, perform, 'resume', 'let a paused schedule fire again', 'fires again');
  defineChange(command, perform, 'trigger', 'fire now, besides its times', 'fires now');
  defineBackfill(command.command('backfill'), perform);
  defineChange(command, perform, 'remove', 'end a schedule; its runs stay', 'is removed; its runs stay');
};

function defineAdd(command: Command, perform: Perform): void {
  addAlertOptions(addStoreOptions(addRunFileOptions(describe(command, 'run an evaluation at fixed times'))))
    .option('--cron <expression>', 'when: minute hour day-of-month month day-of-week')
    .option('--every <duration>', 'when: after so long again, such as 10m', parseDuration)
    .option(
      '--timezone <name>',
      "in which the cron expression is read, such as Europe/Berlin (default: this machine's)",
    )
    .option('--name <name>', "name of the schedule (default: the evaluation's key)")
    .option('--jitter <duration>', 'spread firings over so long after they are due', parseDuration)
    .addOption(
      new Option('--overlap <policy>', 'what happens to a firing that is due while the one before runs (skip)').choices(
        overlapPolicies,
      ),
    )
    .option(
      '--catch-up <duration>',
      'a firing that was due longer ago, while nothing ran, is missed (1h)',
      parseDuration,
    )
    .option('--track', 'read file and data at each firing, in place of the plan as it is now')
    .option(
      '--notify <url>',
      'tell a webhook of alerts, failed and missed firings; or $VARIABLE that holds the address',
    )
    .option(
      '--notify-secret <name>',
      'what signs notifications: $VARIABLE or << secrets.NAME >> (default: $STET_NOTIFY_SECRET)',
    )
    .addHelpText(
      'after',
      renderExamples([
        'stet schedule add -f run.yaml --cron "0 3 * * *" --timezone Europe/Berlin --cache-policy update',
        'stet schedule add -f run.yaml --every 6h --name drift --alert "accuracy < -0.02" --baseline first',
      ]),
    )
    .action((flags: AddFlags) => perform((context) => addSchedule(context, flags)));
}

async function addSchedule(context: CommandContext, flags: AddFlags): Promise<number> {
  const { timezone, name, jitter, overlap, catchUp, track, notify, notifySecret } = flags;
  if (notifySecret !== undefined && notify === undefined) {
    throw new EvaluationError('usage', '--notify-secret signs notifications, and no --notify says where they go.');
  }
  const options = {
    ...toPlanOptions(flags, context.environment),
    ...toAlertOptions(flags),
    timing: readTiming(flags),
    ...(timezone === undefined ? {} : { timezone }),
    ...(name === undefined ? {} : { name }),
    ...(jitter === undefined ? {} : { jitterMs: jitter }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(catchUp === undefined ? {} : { catchUpMs: catchUp }),
    ...(track === undefined ? {} : { track }),
    ...(notify === undefined
      ? {}
      : { notify: { url: notify, ...(notifySecret === undefined ? {} : { secret: notifySecret }) } }),
    arguments: context.commandLine,
  };
  return withDocument(context, flags, (stet) => stet.schedules.add(flags.file, options), renderAddedSchedule);
}

function readTiming({ cron, every }: AddFlags): Timing {
  if (cron !== undefined && every === undefined) return { cron };
  if (every !== undefined && cron === undefined) return { everyMs: every };
  throw new EvaluationError('usage', 'Say when, by exactly one of --cron and --every.', {
    hint: 'Such as --cron "0 3 * * mon-fri", at three in the morning from Monday to Friday, or --every 6h.',
  });
}

function defineList(command: Command, perform: Perform): void {
  addStoreOptions(describe(command, 'list the schedules of the store'))
    .addHelpText('after', renderExamples(['stet schedule list', 'stet schedule list --json']))
    .action((flags: StoreFlags) =>
      perform((context) =>
        withStore(context, flags, async (stet) => {
          const schedules = await stet.schedules.list();
          const output = makeHumanOutput(context, flags);
          if (flags.json === true) writeJson(context.stdout, { schedules });
          else if (schedules.length === 0) output.write('No schedules in this store.\n');
          else output.write(renderScheduleList(schedules, output, context.now()));
          await reportOpenRuns(context, stet, flags);
          return exitCodes.done;
        }),
      ),
    );
}

function defineShow(command: Command, perform: Perform): void {
  addStoreOptions(describe(command, 'show a schedule with its next and last runs'))
    .argument('<name>', 'name of the schedule')
    .addHelpText('after', renderExamples(['stet schedule show nightly', 'stet schedule show nightly --json']))
    .action((name: string, flags: StoreFlags) =>
      perform((context) => withDocument(context, flags, (stet) => stet.schedules.show(name), renderSchedule)),
    );
}

function defineChange(
  parent: Command,
  perform: Perform,
  change: 'pause' | 'resume' | 'trigger' | 'remove',
  description: string,
  done: string,
): void {
  addStoreOptions(describe(parent.command(change), description))
    .argument('<name>', 'name of the schedule')
    .addHelpText('after', renderExamples([`stet schedule ${change} nightly`, `stet schedule ${change} nightly --json`]))
    .action((name: string, flags: StoreFlags) =>
      perform((context) => changeSchedule(context, flags, (stet) => stet.schedules[change](name), { name, done })),
    );
}

function defineBackfill(command: Command, perform: Perform): void {
  addStoreOptions(describe(command, 'fire for every time of a span that has passed, one after the other'))
    .argument('<name>', 'name of the schedule')
    .requiredOption('--from <time>', 'beginning, such as 2026-11-01 or 2026-11-01T03:00:00Z', parseMoment)
    .requiredOption('--to <time>', 'end', parseMoment)
    .addHelpText(
      'after',
      renderExamples([
        'stet schedule backfill nightly --from 2026-11-01 --to 2026-11-08',
        'stet schedule backfill nightly --from 2026-11-01T03:00:00Z --to 2026-11-02T03:00:00Z --json',
      ]),
    )
    .action((name: string, flags: BackfillFlags) =>
      perform((context) =>
        changeSchedule(context, flags, (stet) => stet.schedules.backfill(name, { from: flags.from, to: flags.to }), {
          name,
          done: 'fires for that span',
        }),
      ),
    );
}

function changeSchedule(
  context: CommandContext,
  flags: StoreFlags,
  change: (stet: Stet) => Promise<void>,
  { name, done }: { readonly name: string; readonly done: string },
): Promise<number> {
  return withStore(context, flags, async (stet) => {
    await change(stet);
    if (flags.json === true) writeJson(context.stdout, { schedule: name });
    makeHumanOutput(context, flags).write(`Schedule ${name} ${done}.\n`);
    return exitCodes.done;
  });
}

function withDocument(
  context: CommandContext,
  flags: StoreFlags,
  work: (stet: Stet) => Promise<ScheduleDocument>,
  render: typeof renderAddedSchedule,
): Promise<number> {
  return withStore(context, flags, async (stet) => {
    const document = await work(stet);
    const output = makeHumanOutput(context, flags);
    if (flags.json === true) writeJson(context.stdout, document);
    else output.write(render(document, output, context.now(), makeCommandLines(context.environment, flags)));
    return exitCodes.done;
  });
}

/** One text for the list of commands and, as a sentence, for the help of this one. */
function describe(command: Command, text: string): Command {
  return command.summary(text).description(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}
