import type { Command } from 'commander';
import type { Stet } from '../../client/stet.ts';
import type { CommandContext } from '../command-context.ts';

export interface StoreFlags {
  readonly store?: string;
  readonly json?: boolean;
  readonly ui?: boolean;
}

export function addStoreOptions(command: Command): Command {
  return command
    .option(
      '--store <location>',
      'the store: a directory or postgres://… (default: STET_STORE, else the nearest .stet upwards, else ./.stet)',
    )
    .option('--json', 'print exactly one JSON document on standard output, everything else on standard error');
}

export function addUiOption(command: Command): Command {
  return command.option('--ui', "start Temporal's web UI beside the server, on a loopback port");
}

/** Opens the store of a command; `onNotice` gets what the engine has to say on the way. */
export function openStore(
  context: CommandContext,
  flags: StoreFlags,
  onNotice: (message: string) => void = (message) => context.stderr.write(`${message}\n`),
): Promise<Stet> {
  return context.open({
    ...(flags.store === undefined ? {} : { store: flags.store }),
    ...(flags.ui === undefined ? {} : { ui: flags.ui }),
    onNotice,
  });
}
