import path from 'node:path';
import type { z } from 'zod';
import { ConfigurationError, EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Overrides } from '../../contracts/overrides.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import { type Dataset, datasetSchema } from '../../evaluation/spec/datasets.ts';
import { type Model, modelAdapterSchema, modelSchema, placeholderModelKey } from '../../evaluation/spec/models.ts';
import { evaluationSchema, limitsSchema, type RunFileInput, reuseSchema } from '../../evaluation/spec/run-file.ts';
import { makePathsAbsolute } from './absolute-paths.ts';
import { applyOverrides } from './apply-overrides.ts';
import { checkAsWritten } from './check-as-written.ts';
import { checkAdapterTemplates, checkDatasetFilters } from './check-templates.ts';
import { type ConfigNode, childOf, fromValue, itemsAt, locate, textAt } from './config-node.ts';
import { warnOfConfusableWords } from './confusable-words.ts';
import { refuseUserInfo, resolveCredentials } from './credentials.ts';
import { collectDeclared, sections } from './declarations.ts';
import { expandText, expandVariables } from './expand-variables.ts';
import { type LoadContext, loadFile, loadNode } from './load-files.ts';
import { parseSection } from './parse-section.ts';
import { Problems } from './problems.ts';
import { expandProviderModels } from './provider-models.ts';
import { type Environment, readEnvironment } from './read-environment.ts';
import { reportTodos } from './report-todos.ts';
import { resolveEvaluation } from './resolve-evaluation.ts';
import type { ResolvedRun, ResolvedTask } from './resolved-run.ts';
import { findSpecificationKeys } from './specification-keys.ts';
import { parse } from './validate.ts';

export interface ReadOptions {
  readonly overrides: Overrides;
  /** Environment of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** File that beats the process environment and `.env`. */
  readonly envFile?: string;
  readonly workingDirectory: string;
}

/**
 * A run config, from a file or as an object, read, changed by the command line, validated and resolved. Nothing is sent,
 * and no dataset, module or recording is opened.
 *
 * @throws {ConfigurationError} with all problems at once, each with its place.
 */
export async function readRunFile(source: string | RunFileInput, options: ReadOptions): Promise<ResolvedRun> {
  const problems = new Problems();
  const file = typeof source === 'string' ? path.resolve(options.workingDirectory, source) : null;
  const environment = readEnvironmentOf(file, options);
  const loaded = load(source, environment, options, problems);
  if (loaded === undefined) {
    problems.throwIfAny();
    throw new EvaluationError('internal', 'A run config that could not be read has no problem.');
  }
  const changed = applyOverrides(loaded, options.overrides, { problems, workingDirectory: options.workingDirectory });
  const { root, secrets } = prepare(changed, environment, problems);
  const declared = collectDeclared(root);
  checkAsWritten(root, declared, problems);
  const { evaluation, runConfig, tasks } = resolveEvaluation(root, declared, problems);
  const chosen = chooseTasks(root, tasks, evaluation, options.overrides.only, problems);
  warnOfConfusableWords(root, problems);
  const resolved: ResolvedRun = {
    evaluation: evaluation === undefined ? null : (parse(evaluationSchema, evaluation) ?? null),
    runConfig,
    declaresPolicy: [childOf(root, 'run_config'), evaluation].some(
      (node) => childOf(node, 'cache_policy') !== undefined,
    ),
    limits: parseSection(limitsSchema, root, 'limits'),
    reuse: parseSection(reuseSchema, root, 'reuse'),
    secrets,
    models: collectModels(root),
    adapters: collect(modelAdapterSchema, root, sections.adapter, (adapter, node) =>
      checkAdapterTemplates(adapter, node, problems),
    ),
    datasets: collect<Dataset>(datasetSchema, root, sections.dataset, (dataset, node) =>
      checkDatasetFilters(dataset, node, problems),
    ),
    tasks: chosen,
    warnings: problems.warnings,
    environment,
    file,
    locate: (place) => locate(root, place),
    locationOf: (kind, key, pathInside = []) => {
      const place =
        kind === 'specification' ? findSpecification(evaluation, key) : findEntity(root, sections[kind], key);
      return place === undefined ? undefined : locate(place, pathInside);
    },
  };
  problems.throwIfAny();
  return resolved;
}

function readEnvironmentOf(file: string | null, options: ReadOptions): Environment {
  try {
    return readEnvironment({ ...options, ...(file === null ? {} : { runDirectory: path.dirname(file) }) });
  } catch (error) {
    if (error instanceof EvaluationError) throw new ConfigurationError([error]);
    throw error;
  }
}

function load(
  source: string | RunFileInput,
  environment: Environment,
  { workingDirectory }: ReadOptions,
  problems: Problems,
): ConfigNode | undefined {
  const expand: LoadContext['expand'] = (text, location) => expandText(text, environment, problems, location) ?? text;
  const context: LoadContext = { problems, workingDirectory, expand };
  const root =
    typeof source === 'string' ? loadFile(source, context) : loadNode(readInput(source, workingDirectory), context);
  if (root === undefined || root.kind === 'map') return root;
  if (root.kind !== 'broken')
    problems.add(
      'config-invalid',
      'A run config is a mapping of sections such as models, tasks and evaluation.',
      root.location,
    );
  return undefined;
}

function readInput(source: RunFileInput, directory: string): ConfigNode {
  try {
    return fromValue(source, { directory });
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const message = error instanceof TypeError ? error.message : 'A run config must not contain itself.';
    throw new ConfigurationError([new EvaluationError('config-invalid', message, { cause: error })]);
  }
}

/** Everything that happens to the written values before they are looked at: credentials, environment, short forms. */
function prepare(
  root: ConfigNode,
  environment: Environment,
  problems: Problems,
): ReturnType<typeof resolveCredentials> {
  const { root: withSecrets, secrets } = resolveCredentials(reportTodos(root, problems), problems);
  const expanded = refuseUserInfo(expandVariables(withSecrets, environment, problems), problems);
  return { root: expandProviderModels(expanded, problems), secrets };
}

function chooseTasks(
  root: ConfigNode,
  tasks: readonly ResolvedTask[],
  evaluation: ConfigNode | undefined,
  only: readonly string[] | undefined,
  problems: Problems,
): readonly ResolvedTask[] {
  if (only === undefined || only.length === 0) return tasks;
  const keys = findSpecificationKeys(itemsAt(evaluation, 'task_specifications')).filter((key) => key !== undefined);
  for (const key of only) {
    if (keys.includes(key)) continue;
    const place = childOf(childOf(root, 'evaluation'), 'task_specifications');
    problems.add(
      'config-unknown-name',
      `--only ${key}: no task specification has that key.`,
      place?.location,
      suggestName(key, keys),
    );
  }
  return tasks.filter(({ key }) => only.includes(key));
}

function collectModels(root: ConfigNode): ReadonlyMap<string, Model> {
  const models = collect<Model>(modelSchema, root, sections.model);
  if (models.has(placeholderModelKey)) return models;
  const placeholder = modelSchema.parse({ key: placeholderModelKey, config: { connection_type: 'placeholder' } });
  return new Map(models).set(placeholderModelKey, placeholder);
}

/** Declarations of a section by key; those with errors are left out, since these stop everything. */
function collect<T extends { readonly key: string }>(
  schema: z.ZodType<T>,
  root: ConfigNode,
  section: string,
  check: (declared: T, node: ConfigNode) => void = () => {},
): ReadonlyMap<string, T> {
  return new Map(
    itemsAt(root, section).flatMap((item) => {
      const parsed = parse(schema, makePathsAbsolute(schema, item));
      if (parsed === undefined) return [];
      check(parsed, item);
      return [[parsed.key, parsed] as const];
    }),
  );
}

function findEntity(root: ConfigNode, section: string, key: string): ConfigNode | undefined {
  return itemsAt(root, section).find((item) => textAt(item, 'key') === key);
}

function findSpecification(evaluation: ConfigNode | undefined, key: string): ConfigNode | undefined {
  const specifications = itemsAt(evaluation, 'task_specifications');
  return specifications[findSpecificationKeys(specifications).indexOf(key)];
}
