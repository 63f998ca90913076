import type { Command } from 'commander';

export interface WhereFlags {
  readonly where?: string;
}

/** @param condition - What it takes for the option to mean something. */
export function addWhereOption(command: Command, condition = ''): Command {
  return command.option(
    '--where <expression>',
    `${condition}only samples that it fits, such as "scores.includes.is_correct == false", "errors" or "'sorry' in output"`,
  );
}
