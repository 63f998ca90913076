import { ConfigurationError, EvaluationError, type SourceLocation } from '../../contracts/evaluation-error.ts';
import type { Model } from '../../evaluation/spec/models.ts';
import { providers } from '../../evaluation/spec/providers.ts';
import type { ConfigPath } from './config-node.ts';
import type { ResolvedRun } from './resolved-run.ts';

/**
 * Makes sure that the environment holds every secret and provider key of the models that will be asked. To be called when
 * work has to run: a run that is reused in full needs no secret.
 *
 * @throws {ConfigurationError} `config-secret`, one for each model and missing variable.
 */
export function checkSecrets(
  resolved: Pick<ResolvedRun, 'models' | 'environment' | 'locationOf'>,
  modelKeys: Iterable<string>,
): void {
  const problems: EvaluationError[] = [];
  for (const key of new Set(modelKeys)) {
    const model = resolved.models.get(key);
    if (model === undefined) continue;
    for (const { variable, path } of findVariables(model)) {
      // An empty value is what a CI system sets for a secret that it does not have.
      if (Object.hasOwn(resolved.environment, variable) && resolved.environment[variable] !== '') continue;
      problems.push(makeMissing(key, variable, resolved.locationOf('model', key, path)));
    }
  }
  const [first, ...rest] = problems;
  if (first !== undefined) throw new ConfigurationError([first, ...rest]);
}

function makeMissing(model: string, variable: string, location: SourceLocation | undefined): EvaluationError {
  return new EvaluationError(
    'config-secret',
    `The model "${model}" needs the environment variable ${variable}, which is not set.`,
    {
      hint: `Set ${variable} in the environment or in .env beside the run file.`,
      ...(location === undefined ? {} : { location }),
    },
  );
}

/** Variables that a model's secrets and its provider's key come from, each once. */
export function findVariables({
  config,
  secrets,
}: Model): readonly { readonly variable: string; readonly path: ConfigPath }[] {
  const found = new Map<string, ConfigPath>();
  const note = (value: unknown, path: ConfigPath): void => {
    if (typeof value !== 'object' || value === null || !('variable' in value) || typeof value.variable !== 'string')
      return;
    if (!found.has(value.variable)) found.set(value.variable, path);
  };
  if ('api_key' in config) note(config.api_key, ['config', 'api_key']);
  if ('custom_headers' in config) {
    for (const [name, value] of Object.entries(config.custom_headers)) note(value, ['config', 'custom_headers', name]);
  }
  if ('tls_context' in config) {
    note(config.tls_context?.validation_context.trusted_ca, [
      'config',
      'tls_context',
      'validation_context',
      'trusted_ca',
    ]);
  }
  for (const [name, value] of Object.entries(secrets)) note(value, ['secrets', name]);
  if (config.connection_type === 'provider_connection') {
    note({ variable: providers[config.provider_id].keyVariable }, ['config', 'provider_id']);
  }
  return [...found].map(([variable, path]) => ({ variable, path }));
}
