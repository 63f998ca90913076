import { evaluationSchema, type RunConfig, runConfigSchema } from '../../evaluation/spec/run-file.ts';
import { type ConfigNode, childOf, itemsAt, mapChildren, textAt } from './config-node.ts';
import { checkReferences, type Declared } from './declarations.ts';
import { fillParameters } from './parameters.ts';
import { parseSection } from './parse-section.ts';
import { substitute } from './placeholders.ts';
import type { Problems } from './problems.ts';
import { resolveTasks, toScope } from './resolve-tasks.ts';
import type { ResolvedTask } from './resolved-run.ts';
import { parse, validate } from './validate.ts';

/** The evaluation with its own placeholders resolved, and what follows from it; no tasks where there is none. */
export function resolveEvaluation(
  root: ConfigNode,
  declared: Declared,
  problems: Problems,
): {
  readonly evaluation: ConfigNode | undefined;
  readonly runConfig: RunConfig;
  readonly tasks: readonly ResolvedTask[];
} {
  const raw = childOf(root, 'evaluation');
  const runConfig = parseSection(runConfigSchema, root, 'run_config');
  if (raw === undefined || (raw.kind === 'scalar' && raw.value === null))
    return { evaluation: undefined, runConfig, tasks: [] };
  const parameters = fillParameters({
    declarations: itemsAt(raw, 'config_spec'),
    values: childOf(root, 'config'),
    valuesPath: ['config'],
    location: childOf(root, 'config')?.location ?? raw.location,
    declared,
    problems,
  });
  const scope = toScope(parameters);
  const evaluation = mapChildren(raw, (child, key) => (key === 'config_spec' ? child : substitute(child, scope)));
  validate(evaluationSchema, evaluation, { problems, path: ['evaluation'] });
  checkReferences(evaluationSchema, evaluation, { path: ['evaluation'], declared, problems });
  const merged = mergeCachePolicy(root, evaluation, runConfig, problems);
  return {
    evaluation,
    runConfig: merged,
    tasks: resolveTasks({ root, evaluation, runConfig: merged, declared, problems }),
  };
}

/** `evaluation.cache_policy` is an equal spelling of `run_config.cache_policy` (format 4). */
function mergeCachePolicy(
  root: ConfigNode,
  evaluation: ConfigNode,
  runConfig: RunConfig,
  problems: Problems,
): RunConfig {
  const node = childOf(evaluation, 'cache_policy');
  const ofEvaluation = node === undefined ? undefined : parse(evaluationSchema.shape.cache_policy, node);
  if (ofEvaluation === undefined) return runConfig;
  const written = textAt(childOf(root, 'run_config'), 'cache_policy');
  if (written !== undefined && written !== ofEvaluation) {
    problems.add(
      'config-invalid',
      `evaluation.cache_policy is ${ofEvaluation} and run_config.cache_policy is ${written}.`,
      node?.location,
      'Keep one of them.',
    );
  }
  return { ...runConfig, cache_policy: ofEvaluation };
}
