import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigurationError, type EvaluationError } from '../../../contracts/evaluation-error.ts';
import type { Overrides } from '../../../contracts/overrides.ts';
import type { RunFileInput } from '../../../evaluation/spec/run-file.ts';
import { type ResolvedRun, readRunFile } from '../../../planning/run-file/index.ts';

export interface ConfigFolder extends AsyncDisposable {
  readonly path: string;
  read(options?: ReadConfigOptions): Promise<ResolvedRun>;
  /** Problems of a run config that must not be accepted. */
  fail(options?: ReadConfigOptions): Promise<readonly EvaluationError[]>;
}

export interface ReadConfigOptions extends Overrides {
  readonly source?: string | RunFileInput;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly envFile?: string;
  /** Folder within the temporary one. */
  readonly workingDirectory?: string;
}

/** A temporary folder with files; `run.yaml` is read unless another source is named. */
export async function makeConfigFolder(files: Readonly<Record<string, string | Uint8Array>>): Promise<ConfigFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stet-config-'));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  const read: ConfigFolder['read'] = ({
    source = 'run.yaml',
    environment = {},
    envFile,
    workingDirectory = '.',
    ...overrides
  } = {}) =>
    readRunFile(source, {
      overrides,
      environment,
      workingDirectory: path.join(folder, workingDirectory),
      ...(envFile === undefined ? {} : { envFile }),
    });
  return {
    path: folder,
    read,
    async fail(options) {
      try {
        await read(options);
      } catch (error) {
        if (error instanceof ConfigurationError) return error.problems;
        throw error;
      }
      throw new Error('The run config was accepted.');
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function readConfig(text: string, options?: ReadConfigOptions): Promise<ResolvedRun> {
  await using folder = await makeConfigFolder({ 'run.yaml': text });
  return await folder.read(options);
}

export async function failConfig(text: string, options?: ReadConfigOptions): Promise<readonly EvaluationError[]> {
  await using folder = await makeConfigFolder({ 'run.yaml': text });
  return await folder.fail(options);
}

/** `file:line:column code: message (hint)`, one line for each problem. */
export function showProblems(problems: readonly EvaluationError[]): readonly string[] {
  return problems.map(({ code, message, hint, location }) => {
    const place = [location?.file, location?.line, location?.column].filter((part) => part !== undefined).join(':');
    return `${place} ${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
  });
}

/** A small run config that is right, in the order of its sections; tests replace one of them. */
export const sections = {
  models: `models:
  - {key: small, config: {connection_type: placeholder}}
`,
  datasets: `datasets:
  - key: rows
    source: {type: inline, samples: [{q: one, a: "1"}]}
`,
  tasks: `tasks:
  - key: qa
    definition:
      dataset: {key: rows}
      solver:
        type: single_turn_solver
        input_builder: {type: chat_completion, input_messages: [{role: user, content: "{{ sample.q }}"}]}
      scorers:
        - {type: string_equals, ground_truth: "{{ sample.a }}"}
`,
  evaluation: `evaluation:
  key: check
  task_specifications:
    - {key: first, task_key: qa, model_key: small}
`,
} as const;

export function makeConfig(
  changes: Partial<Readonly<Record<keyof typeof sections, string>>> = {},
  ...more: readonly string[]
): string {
  return Object.values({ ...sections, ...changes }).join('') + more.join('');
}
