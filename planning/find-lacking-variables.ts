import type { Plan } from '../evaluation/plan.ts';
import { findVariables } from './run-file/check-secrets.ts';

/** Variables that models of a plan need and an environment does not have; by default those of all its models. */
export function findLackingVariables(
  plan: Plan,
  environment: Readonly<Record<string, string | undefined>>,
  modelKeys: Iterable<string> = Object.keys(plan.models),
): readonly string[] {
  const models = [...new Set(modelKeys)].flatMap((key) => plan.models[key]?.model ?? []);
  const variables = models.flatMap((model) => findVariables(model).map(({ variable }) => variable));
  // An empty value is what a CI system sets for a secret that it does not have.
  return [...new Set(variables)].filter((variable) => (environment[variable] ?? '') === '');
}
