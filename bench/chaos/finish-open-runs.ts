import { openStet } from '../../embedded/index.ts';
import { startCommand } from './command.ts';

/** More of them than a round can leave; a command that attaches to nothing would go on for ever. */
const mostRuns = 50;

/**
 * Types the commands of a round again while runs of theirs are open. There may be several of one plan: while somebody else
 * had taken one up, the same command began another. Every time the command has to attach to one of them.
 *
 * @returns How often that was.
 */
export async function finishOpenRuns(setting: {
  readonly folder: string;
  readonly store: string;
  /** The arguments of the command whose evaluation has that key. */
  readonly makeArguments: (evaluation: string) => readonly string[];
  readonly nameStart: () => string;
}): Promise<number> {
  const { folder, store, makeArguments, nameStart } = setting;
  for (let count = 0; count < mostRuns; count++) {
    const [open] = await findOpenRuns(store);
    if (open === undefined) return count;
    const command = startCommand(makeArguments(open.evaluation), { name: nameStart(), folder });
    const { code } = await command.ended;
    if (code !== 0 || command.run?.wasOpen !== true) {
      throw new Error(
        `Run ${open.run} was open, and its command did not go on with it:\n${command.lastLines.join('\n')}`,
      );
    }
  }
  throw new Error(`After ${mostRuns} commands there are still open runs.`);
}

async function findOpenRuns(store: string) {
  const stet = await openStet({ store });
  try {
    return (await stet.list({ limit: 1_000 })).filter(({ status }) => status === 'pending' || status === 'running');
  } finally {
    await stet.close();
  }
}
