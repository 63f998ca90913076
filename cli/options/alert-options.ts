import type { Command } from 'commander';

export interface AlertFlags {
  readonly alert?: readonly string[];
  readonly baseline?: string;
}

export function addAlertOptions(command: Command): Command {
  return command
    .option(
      '--alert <condition>',
      'mark a run whose metric is beyond a bound: "accuracy < 0.7", or signed, for the difference to the baseline, "accuracy < -0.02"; may be repeated',
      collectAlert,
    )
    .option('--baseline <run>', 'what differences are to: "previous" (default), "first", or a run');
}

export function toAlertOptions({ alert, baseline }: AlertFlags) {
  return {
    ...(alert === undefined ? {} : { alerts: alert }),
    ...(baseline === undefined ? {} : { baseline }),
  };
}

function collectAlert(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text];
}
