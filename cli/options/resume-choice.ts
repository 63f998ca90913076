import { type Command, Option } from 'commander';
import type { ResumableRun, ResumeChoice } from '../../client/stet.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { CommandContext } from '../command-context.ts';
import { makeCommandLines } from '../output/next-steps.ts';
import { makeNoticeOutput } from '../output/output.ts';
import { renderForgone, renderResumable, renderResumeQuestion } from '../output/resumable.ts';

export interface ResumeFlags {
  readonly resume?: boolean;
  readonly new?: boolean;
  readonly store?: string;
  readonly json?: boolean;
}

export function addResumeChoiceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--resume', 'go on with the newest run of this plan where that has failed or was cancelled').conflicts(
        'new',
      ),
    )
    .option('--new', 'start a new run, whatever became of earlier ones of this plan');
}

const standingAnswers = { always: 'resume', never: 'new' } as const;

/**
 * What becomes of a failed or cancelled run of the same plan: as an option or `STET_RESUME` says, else as the person at
 * the terminal does; where nobody can be asked, it is said what a new run forgoes.
 *
 * @throws {EvaluationError} `usage` when `STET_RESUME` is no answer.
 */
export function decideAboutResumable(
  context: CommandContext,
  flags: ResumeFlags,
): (found: ResumableRun, signal: AbortSignal) => ResumeChoice | Promise<ResumeChoice> {
  const standing = readStandingAnswer(context.environment['STET_RESUME']);
  const choice = flags.resume === true ? 'resume' : flags.new === true ? 'new' : standing;
  if (choice !== undefined) return () => choice;
  return async (found, signal) => {
    const output = makeNoticeOutput(context);
    const { ask } = context;
    if (ask !== undefined && flags.json !== true) {
      output.write(renderResumable(found, output, context.now()));
      return askForChoice(() => ask(renderResumeQuestion(found), { signal }));
    }
    const commandLine = makeCommandLines(context.environment, flags);
    output.write(`${renderResumable(found, output, context.now())}${renderForgone(found, commandLine)}`);
    return 'new';
  };
}

function readStandingAnswer(text: string | undefined): ResumeChoice | undefined {
  if (text === undefined || text === '') return undefined;
  if (text === 'always' || text === 'never') return standingAnswers[text];
  throw new EvaluationError('usage', `STET_RESUME is ${JSON.stringify(text)}, which is no answer.`, {
    hint: `Set it to ${Object.keys(standingAnswers).join(' or ')}, or unset it.`,
  });
}

/** Asks until there is an answer; Enter resumes. */
async function askForChoice(ask: () => Promise<string | undefined>): Promise<ResumeChoice> {
  for (;;) {
    const typed = await ask();
    if (typed === undefined) {
      throw new EvaluationError('usage', 'There was no answer; nothing was started.', {
        hint: 'Answer beforehand with --resume or --new.',
      });
    }
    const word = typed.trim().toLowerCase();
    if (['', 'r', 'resume', 'y', 'yes'].includes(word)) return 'resume';
    if (['n', 'new', 'no'].includes(word)) return 'new';
  }
}
