import { exitCodes } from './exit-codes.ts';
import type { Stay } from './follow-run.ts';
import { shortenId } from './output/format.ts';
import { writeJson } from './output/json.ts';
import { makeCommandLines } from './output/next-steps.ts';
import { makeHumanOutput } from './output/output.ts';

/** Leaves a run to those who work on it, saying how to look after it from any shell. */
export const leaveRun: Stay = async (context, flags, { stet, handle }) => {
  const output = makeHumanOutput(context, flags);
  const commandLine = makeCommandLines(context.environment, flags);
  const id = shortenId(handle.id);
  await handle.drain();
  output.write(
    `Run ${output.style.strong(id)} ${handle.attached ? 'was open, and goes on' : 'is started'} (${handle.id}).\n`,
  );
  for (const [command, meaning] of [
    ['watch', 'follow it'],
    ['show', 'what there is of it'],
    ['cancel', 'end it'],
  ] as const) {
    output.write(`  ${commandLine(command, id)}  (${meaning})\n`);
  }
  if (flags.json === true) writeJson(context.stdout, await stet.show(handle.id));
  return exitCodes.done;
};
