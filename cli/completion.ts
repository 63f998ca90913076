import { Argument } from 'commander';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { complete } from './completion/complete.ts';
import { rejoinWords, renderCompletion } from './completion/render-completion.ts';
import { completionScripts, type Shell, shells } from './completion/shells.ts';
import { exitCodes } from './exit-codes.ts';
import { loadProgramFor } from './make-program.ts';
import { renderExamples } from './options/examples.ts';

export const defineCompletionCommand: DefineCommand = (command, perform) => {
  command
    .addArgument(new Argument('<shell>', 'the shell that is to read it').choices(shells))
    .addHelpText(
      'after',
      renderExamples([
        'stet completion bash > ~/.local/share/bash-completion/completions/stet',
        'stet completion zsh > ~/.zfunc/_stet',
        'stet completion fish > ~/.config/fish/completions/stet.fish',
      ]),
    )
    .action((shell: Shell) =>
      perform(async (context) => {
        context.stdout.write(completionScripts[shell]);
        return exitCodes.done;
      }),
    );
};

/** What the scripts ask. Whatever goes wrong says nothing: it would stand in the middle of what is being typed. */
export const defineCompleteCommand: DefineCommand = (command, perform) => {
  command
    .argument('<shell>')
    .argument('[words...]')
    .action((shell: Shell, words: readonly string[]) =>
      perform(async (context) => {
        await answer(context, shell, words).catch(() => undefined);
        return exitCodes.done;
      }),
    );
};

async function answer(context: CommandContext, shell: Shell, given: readonly string[]): Promise<void> {
  const typed = rejoinWords(given, shell);
  const words = typed.slice(0, -1);
  const program = await loadProgramFor(words);
  const current = typed.at(-1) ?? '';
  const completion = await complete(program, { words, current }, async (question, store) =>
    context.listNames(question, store === undefined ? {} : { store }).catch(() => []),
  );
  context.stdout.write(renderCompletion(completion, current, shell));
}
