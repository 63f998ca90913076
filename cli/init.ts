import path from 'node:path';
import type { CommandContext } from './command-context.ts';
import type { DefineCommand } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { chooseSubject, type SubjectFlags } from './init/choose-subject.ts';
import { answersFileName, makeRunFile, questionsFileName, runFileName } from './init/make-run-file.ts';
import { makeAnswersFile, makeFunctionFile, makeQuestionsFile } from './init/starter-questions.ts';
import type { Subject } from './init/subjects.ts';
import { type NewFile, writeFiles } from './init/write-files.ts';
import { renderExamples } from './options/examples.ts';
import { writeJson } from './output/json.ts';
import { makeCommandLines } from './output/next-steps.ts';
import { makeHumanOutput } from './output/output.ts';

export const defineInitCommand: DefineCommand = (command, perform) => {
  command
    .argument('[directory]', 'where the files go (default: here)')
    .option('--endpoint <url>', 'evaluate a service that speaks the OpenAI chat protocol')
    .option('--model <name>', 'with --endpoint: the model, as the service calls it')
    .option('--key <$variable>', "with --endpoint: the environment variable with its key, such as '$OPENAI_API_KEY'")
    .option('--function <file>', 'evaluate a function in TypeScript or JavaScript; a missing file is written')
    .option('--export <name>', 'with --function: the export that is called (default: default)')
    .option('--python <file>', 'evaluate a Python script (not built yet)')
    .option('--json', 'print exactly one JSON document on standard output, everything else on standard error')
    .addHelpText(
      'after',
      renderExamples([
        "stet init --endpoint https://api.openai.com/v1 --model gpt-4.1-nano --key '$OPENAI_API_KEY'",
        'stet init evals --function ./assistant.ts',
      ]),
    )
    .action((directory: string | undefined, flags: SubjectFlags) =>
      perform((context) => initialise(context, directory ?? '.', flags)),
    );
};

async function initialise(context: CommandContext, name: string, flags: SubjectFlags): Promise<number> {
  const directory = path.resolve(context.workingDirectory, name);
  const subject = await chooseSubject(context, flags, directory);
  const files = makeFiles(subject, directory);
  const showPath = (file: string) => path.relative(context.workingDirectory, file);
  await writeFiles(files, showPath);
  const written = files.map((file) => showPath(file.path));
  const runFile = showPath(path.join(directory, runFileName));
  const commandLine = makeCommandLines(context.environment, {});
  const next = [commandLine('try', '-f', runFile), commandLine('run', '-f', runFile)];
  if (flags.json === true) {
    writeJson(context.stdout, { files: written, next });
    return exitCodes.done;
  }
  const output = makeHumanOutput(context, flags);
  for (const file of written) output.write(`Wrote ${output.style.strong(file)}\n`);
  if (subject.kind === 'endpoint' && subject.keyVariable !== undefined) {
    output.write(`The key is read from ${subject.keyVariable}, or from .env beside ${runFile}.\n`);
  }
  output.write(`Next: ${next[0]} (one sample, nothing stored)\n      ${next[1]} (all of them)\n`);
  return exitCodes.done;
}

function makeFiles(subject: Subject, directory: string): readonly NewFile[] {
  const place = (name: string) => path.join(directory, name);
  return [
    { path: place(runFileName), text: makeRunFile(subject) },
    { path: place(questionsFileName), text: makeQuestionsFile() },
    ...(subject.kind === 'recorded' ? [{ path: place(answersFileName), text: makeAnswersFile() }] : []),
    ...(subject.kind === 'function' && !subject.exists
      ? [{ path: place(subject.module), text: makeFunctionFile(subject.exportName) }]
      : []),
  ];
}
