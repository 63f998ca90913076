import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { compileActionRules } from '../../evaluation/actions/compile-action-rules.ts';
import { completeDefinition } from '../../evaluation/complete-definition.ts';
import { compileFilter } from '../../evaluation/filters/compile-filter.ts';
import type { CompleteDefinition } from '../../evaluation/plan.ts';
import { getScorerKind } from '../../evaluation/scorers/index.ts';
import { getSolverKind } from '../../evaluation/solvers/index.ts';
import type { Dataset } from '../../evaluation/spec/datasets.ts';
import type { ModelAdapter } from '../../evaluation/spec/models.ts';
import type { TaskDefinition } from '../../evaluation/spec/tasks.ts';
import { compileTemplate } from '../../evaluation/template/compile-template.ts';
import { type ConfigNode, type ConfigPath, locate } from './config-node.ts';
import type { Problems } from './problems.ts';

/**
 * Reports what can never work in a resolved definition, by making everything that it describes once: template syntax,
 * unknown filters, bounds that are no numbers.
 */
export function checkDefinitionTemplates(definition: TaskDefinition, node: ConfigNode, problems: Problems): void {
  const complete = tryToComplete(definition);
  if (complete === undefined) return;
  const { solver, scorers, actions } = complete;
  const check = createCheck(node, problems);
  check([], '', () => getSolverKind(solver.type).create(solver));
  for (const [index, scorer] of scorers.entries()) {
    check(['scorers', index], `scorers.${scorer.key}.`, () => getScorerKind(scorer.type).create(scorer));
  }
  for (const [index, rule] of actions.entries()) {
    check(['actions', index], `actions.${rule.key}.`, () => compileActionRules([rule]));
  }
}

export function checkAdapterTemplates(adapter: ModelAdapter, node: ConfigNode, problems: Problems): void {
  const check = createCheck(node, problems);
  for (const field of ['process_input', 'process_output'] as const) {
    const path = `model_adapters.${adapter.key}.${field}`;
    check([field, 'source_code'], path, () => compileTemplate(adapter[field].source_code, path));
  }
}

export function checkDatasetFilters(dataset: Dataset, node: ConfigNode, problems: Problems): void {
  const check = createCheck(node, problems);
  for (const [index, filter] of (dataset.source.filters ?? []).entries()) {
    const path = `datasets.${dataset.key}.source.filters[${index}]`;
    check(['source', 'filters', index], `${path}.`, () => compileFilter(filter, path));
  }
}

/** Undefined where two entries have one key, which is reported where keys are checked. */
function tryToComplete(definition: TaskDefinition): CompleteDefinition | undefined {
  try {
    return completeDefinition(definition);
  } catch (error) {
    if (error instanceof EvaluationError) return undefined;
    throw error;
  }
}

/**
 * @returns A function that makes one thing. The message of what fails begins with the thing's path; behind `prefix` it is
 *   a path below `place`, and so leads to the field itself.
 */
function createCheck(node: ConfigNode, problems: Problems) {
  return (place: ConfigPath, prefix: string, make: () => unknown): void => {
    try {
      make();
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      const named = /^(?:template )?([^\s,:]+)/.exec(error.message)?.[1] ?? '';
      const inside = named.startsWith(prefix) ? parsePath(named.slice(prefix.length)) : [];
      problems.add(error.code, error.message, locate(node, [...place, ...inside]), error.hint);
    }
  };
}

/** `input_messages[1].content` → `input_messages`, 1, `content`. */
function parsePath(text: string): ConfigPath {
  return [...text.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) =>
    index === undefined ? (name ?? '') : Number(index),
  );
}
