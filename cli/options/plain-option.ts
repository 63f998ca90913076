import type { Command } from 'commander';

/** What every command takes; it is read from the command line as a whole, so that errors of the usage obey it as well. */
export function addPlainOption(command: Command): Command {
  return command.option(
    '--plain',
    'output for screen readers: no colours, no tables, nothing redrawn, one fact a line (or set STET_PLAIN=1)',
  );
}
