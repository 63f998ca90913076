import { ConfigurationError, EvaluationError, type SourceLocation } from '../../contracts/evaluation-error.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import type { EffectiveRunConfig } from '../../evaluation/plan.ts';
import { type RunConfig, type TaskSpecification, taskSpecificationSchema } from '../../evaluation/spec/run-file.ts';
import { definitionSchema, type TaskDefinition } from '../../evaluation/spec/tasks.ts';
import { makePathsAbsolute } from './absolute-paths.ts';
import { checkDefinitionTemplates } from './check-templates.ts';
import { type ConfigNode, type ConfigPath, childOf, formatPath, itemsAt, locate, textAt } from './config-node.ts';
import { checkDefinitionKeys, checkReferences, type Declared } from './declarations.ts';
import { type FilledParameter, fillParameters } from './parameters.ts';
import { type Scope, substitute } from './placeholders.ts';
import type { Problems } from './problems.ts';
import type { ResolvedTask } from './resolved-run.ts';
import { findSpecificationKeys } from './specification-keys.ts';
import { parse, validate } from './validate.ts';

interface ResolveOptions {
  readonly root: ConfigNode;
  /** With the placeholders of its own scope resolved. */
  readonly evaluation: ConfigNode;
  readonly runConfig: RunConfig;
  readonly declared: Declared;
  readonly problems: Problems;
}

/** Every task specification with its task's definition as it holds for it; those with errors are left out. */
export function resolveTasks(options: ResolveOptions): readonly ResolvedTask[] {
  const specifications = itemsAt(options.evaluation, 'task_specifications');
  const keys = findSpecificationKeys(specifications);
  reportEqualKeys(specifications, keys, options.problems);
  return specifications.flatMap((node, index) => {
    const key = keys[index];
    return key === undefined ? [] : (resolveTask(node, key, index, options) ?? []);
  });
}

function reportEqualKeys(
  nodes: readonly ConfigNode[],
  keys: readonly (string | undefined)[],
  problems: Problems,
): void {
  for (const [index, key] of keys.entries()) {
    const first = keys.indexOf(key);
    if (key === undefined || first === index) continue;
    const node = nodes[index];
    const place = childOf(node, 'key') ?? node;
    const earlier = nodes[first]?.location;
    const where = earlier?.line === undefined ? '' : ` (${earlier.file}:${earlier.line})`;
    problems.add(
      'config-duplicate-key',
      `evaluation.task_specifications[${index}] has the key "${key}" of evaluation.task_specifications[${first}]${where}.`,
      place?.location,
      'Give one of them another key.',
    );
  }
}

function resolveTask(node: ConfigNode, key: string, index: number, options: ResolveOptions): ResolvedTask | undefined {
  const { root, declared, problems } = options;
  const path: ConfigPath = ['evaluation', 'task_specifications', index];
  const taskKey = textAt(node, 'task_key');
  const taskIndex = itemsAt(root, 'tasks').findIndex((task) => textAt(task, 'key') === taskKey);
  const task = itemsAt(root, 'tasks')[taskIndex];
  if (taskKey === undefined || task === undefined) return undefined; // reported as an unknown reference
  const values = childOf(node, 'task_config');
  const parameters = fillParameters({
    declarations: itemsAt(task, 'config_spec'),
    values,
    valuesPath: [...path, 'task_config'],
    location: (values ?? node).location,
    declared,
    problems,
  });
  const raw = childOf(task, 'definition');
  if (raw === undefined) return undefined; // reported as missing
  const definitionPath: ConfigPath = ['tasks', taskIndex, 'definition'];
  const suffix = ` (in specification "${key}")`;
  const definitionNode = makePathsAbsolute(definitionSchema, substitute(raw, toScope(parameters)));
  validate(definitionSchema, definitionNode, { problems, path: definitionPath, suffix });
  checkReferences(definitionSchema, definitionNode, { path: definitionPath, declared, problems, suffix });
  checkDefinitionKeys(definitionNode, definitionPath, problems);
  const definition = parse(definitionSchema, definitionNode);
  if (definition !== undefined) checkDefinitionTemplates(definition, definitionNode, problems);
  const specification = parse(taskSpecificationSchema, node);
  if (definition === undefined || specification === undefined) return undefined;
  const usesModel = canCallModel(definition);
  if (usesModel && specification.model_key === undefined) {
    problems.add(
      'config-invalid',
      `${formatPath(path)} has no model_key, and the solver of task "${taskKey}" asks a model.`,
      locate(node, []),
      `Add model_key${suggestModel(declared)}.`,
    );
  }
  const columns = findColumnChecks(parameters);
  return {
    key,
    ...(specification.display_name === undefined ? {} : { displayName: specification.display_name }),
    taskKey,
    taskConfig: listValues(parameters),
    definition,
    ...(usesModel && specification.model_key !== undefined ? { modelKey: specification.model_key } : {}),
    datasetKey: definition.dataset.key,
    runConfig: makeEffectiveRunConfig(specification, options.runConfig, definition),
    ...(node.location === undefined ? {} : { location: node.location }),
    checkColumns: (known) => checkColumns(columns, new Set(known), definition.dataset.key),
  };
}

/** Those that are broken are reported, and no plan is made. */
function listValues(parameters: ReadonlyMap<string, FilledParameter>): JsonObject {
  return Object.fromEntries(
    [...parameters].flatMap(([key, { value }]) => ('value' in value ? [[key, value.value]] : [])),
  );
}

/** Values that placeholders in a scope stand for. */
export function toScope(parameters: ReadonlyMap<string, FilledParameter>): Scope {
  return new Map([...parameters].map(([key, { value }]) => [key, value]));
}

function canCallModel({ solver }: TaskDefinition): boolean {
  switch (solver.type) {
    case 'single_turn_solver':
      return true;
    case 'pass_through_solver':
      return false;
  }
}

function suggestModel({ model }: Declared): string {
  const [first] = model;
  return first === undefined ? '' : `, such as ${first}`;
}

/** Specification, else run config, else task, else 1 (format 12.1); nothing is clamped to the rows there are. */
function makeEffectiveRunConfig(
  { num_samples, subsampling, trials }: TaskSpecification,
  runConfig: RunConfig,
  definition: TaskDefinition,
): EffectiveRunConfig {
  return {
    num_samples: num_samples ?? runConfig.num_samples,
    subsampling: subsampling ?? runConfig.subsampling,
    seed: runConfig.seed,
    num_trials: trials?.num_trials ?? runConfig.trials_config?.num_trials ?? definition.trials?.num_trials ?? 1,
  };
}

interface ColumnCheck {
  readonly parameter: string;
  readonly column: string;
  readonly location: SourceLocation | undefined;
}

function findColumnChecks(parameters: ReadonlyMap<string, FilledParameter>): readonly ColumnCheck[] {
  return [...parameters.values()].flatMap(({ parameter, value, location }) =>
    parameter.type === 'dataset_column' && 'value' in value && typeof value.value === 'string'
      ? [{ parameter: parameter.key, column: value.value, location }]
      : [],
  );
}

function checkColumns(checks: readonly ColumnCheck[], known: ReadonlySet<string>, datasetKey: string): void {
  const problems = checks
    .filter(({ column }) => !known.has(column))
    .map(({ parameter, column, location }) => {
      const hint = suggestName(column, known);
      return new EvaluationError(
        'config-unknown-name',
        `Parameter "${parameter}" is "${column}", and the dataset "${datasetKey}" has no such column.`,
        {
          ...(hint === undefined ? {} : { hint }),
          ...(location === undefined ? {} : { location }),
        },
      );
    });
  const [first, ...rest] = problems;
  if (first !== undefined) throw new ConfigurationError([first, ...rest]);
}
