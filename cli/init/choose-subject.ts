import { existsSync } from 'node:fs';
import path from 'node:path';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { Subject } from './subjects.ts';

export interface SubjectFlags {
  readonly endpoint?: string;
  readonly model?: string;
  readonly key?: string;
  readonly function?: string;
  readonly export?: string;
  readonly python?: string;
  readonly json?: boolean;
}

/**
 * What the options name; where they name nothing, what the person at the terminal answers, and without one the recorded
 * answers that need no network.
 *
 * @throws {EvaluationError} `usage`, `not-built-yet`.
 */
export async function chooseSubject(context: CommandContext, flags: SubjectFlags, directory: string): Promise<Subject> {
  checkTogether(flags);
  if (flags.endpoint !== undefined) return makeEndpoint(flags.endpoint, flags.model, flags.key);
  if (flags.function !== undefined) return makeFunction(context, directory, flags.function, flags.export);
  if (context.ask === undefined || flags.json === true) return { kind: 'recorded' };
  return askForSubject(context, directory);
}

function checkTogether({ endpoint, model, key, function: file, export: exportName, python }: SubjectFlags): void {
  if (python !== undefined) {
    throw new EvaluationError('not-built-yet', 'Python scripts cannot be evaluated by this release yet.', {
      hint: 'Begin with --function for TypeScript or JavaScript, or serve the script over HTTP and use --endpoint.',
    });
  }
  if (endpoint !== undefined && file !== undefined) {
    throw new EvaluationError('usage', '--endpoint and --function are two things to evaluate.', {
      hint: 'Name one of them; run.yaml takes more models later.',
    });
  }
  if (endpoint === undefined && (model !== undefined || key !== undefined)) {
    throw new EvaluationError('usage', '--model and --key are about the endpoint, and none is named.', {
      hint: 'Add --endpoint URL.',
    });
  }
  if (file === undefined && exportName !== undefined) {
    throw new EvaluationError('usage', '--export is about the function, and none is named.', {
      hint: 'Add --function FILE.',
    });
  }
}

function makeEndpoint(address: string, model: string | undefined, key: string | undefined): Subject {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new EvaluationError('usage', '--endpoint is not an http or https address.', {
      hint: 'Write it as https://api.openai.com/v1.',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new EvaluationError('usage', 'The address in --endpoint holds a user name or password.', {
      hint: 'Leave it out, and name the variable with the key with --key.',
    });
  }
  if (model === undefined || model.trim() === '') {
    throw new EvaluationError('usage', 'The endpoint has to know which model is meant.', {
      hint: 'Add --model NAME, such as --model gpt-4.1-nano.',
    });
  }
  return {
    kind: 'endpoint',
    // The protocol adds the last part by itself.
    url: address.replace(/\/+$/, '').replace(/\/chat\/completions$/, ''),
    model: model.trim(),
    keyVariable: key === undefined ? findUsualVariable(url) : readVariable(key),
  };
}

/** What the service's own users call it; a service on this machine wants none. */
function findUsualVariable({ hostname }: URL): string | undefined {
  if (['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return undefined;
  return hostname.endsWith('openai.com') ? 'OPENAI_API_KEY' : 'MODEL_API_KEY';
}

/** @throws {EvaluationError} `usage`, without what was typed: it may be a key. */
function readVariable(text: string): string {
  const name = text.trim().replace(/^\$/, '');
  if (/^[A-Z][A-Z0-9_]*$/.test(name)) return name;
  throw new EvaluationError('usage', '--key takes the name of an environment variable, not a key.', {
    hint: "Write --key '$OPENAI_API_KEY', and put the key into the environment or into .env beside run.yaml.",
  });
}

function makeFunction(
  { workingDirectory }: CommandContext,
  directory: string,
  file: string,
  exportName = 'default',
): Subject {
  const absolute = path.resolve(workingDirectory, file);
  if (!/\.[cm]?[jt]sx?$/.test(absolute)) {
    throw new EvaluationError('usage', `--function ${file} is no TypeScript or JavaScript file.`, {
      hint: 'Write it as ./assistant.ts.',
    });
  }
  if (!/^[A-Za-z_$][\w$]*$/.test(exportName)) {
    throw new EvaluationError('usage', `--export ${exportName} is no name of an export.`);
  }
  const relative = path.relative(directory, absolute).split(path.sep).join('/');
  return {
    kind: 'function',
    module: relative.startsWith('.') ? relative : `./${relative}`,
    exportName,
    exists: existsSync(absolute),
  };
}

async function askForSubject(context: CommandContext, directory: string): Promise<Subject> {
  context.stderr.write(
    'What is to be evaluated?\n' +
      '  1  an endpoint that speaks the OpenAI chat protocol\n' +
      '  2  a function in TypeScript or JavaScript\n' +
      '  3  recorded answers, to look around without a network\n',
  );
  for (;;) {
    const choice = await askLine(context, 'Choose 1, 2 or 3 [3]: ');
    if (choice === '1') {
      const address = await askLine(context, 'Its address, such as https://api.openai.com/v1: ');
      const model = await askLine(context, 'The model, as the endpoint calls it: ');
      const key = await askLine(context, 'Environment variable with the key, such as $OPENAI_API_KEY [as usual]: ');
      return makeEndpoint(address, model, key === '' ? undefined : key);
    }
    if (choice === '2') {
      const file = await askLine(context, 'Its file, which is written where it does not exist [./assistant.ts]: ');
      return makeFunction(context, directory, file === '' ? path.join(directory, 'assistant.ts') : file);
    }
    if (choice === '3' || choice === '') return { kind: 'recorded' };
  }
}

async function askLine({ ask }: CommandContext, question: string): Promise<string> {
  const typed = await ask?.(question, { signal: new AbortController().signal });
  if (typed !== undefined) return typed.trim();
  throw new EvaluationError('usage', 'There was no answer; nothing was written.', {
    hint: 'Answer beforehand with --endpoint, or with --function.',
  });
}
