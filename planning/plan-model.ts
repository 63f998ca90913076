import { readFile } from 'node:fs/promises';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { makeModelVersion } from '../evaluation/fingerprint/make-fingerprints.ts';
import type { BlobReference, PlannedModel } from '../evaluation/plan.ts';
import { parseRecording } from '../evaluation/recording.ts';
import { builtInAdapterKeys, type Model } from '../evaluation/spec/models.ts';
import { baseUrlVariable, type ProviderId, providers } from '../evaluation/spec/providers.ts';
import type { PlanningDependencies } from './build-plan.ts';
import { bundleModule } from './bundle-module.ts';
import type { ResolvedRun } from './run-file/index.ts';

/** A model with its adapter, its recording or its bundled module as blobs, and its version. */
export async function planModel(
  model: Model,
  resolved: Pick<ResolvedRun, 'adapters' | 'environment'>,
  { content, modules }: Pick<PlanningDependencies, 'content' | 'modules'>,
): Promise<PlannedModel> {
  const planned: Omit<PlannedModel, 'version'> = { model, ...(await planConnection()) };
  return { ...planned, version: makeModelVersion(planned) };

  async function planConnection(): Promise<Omit<PlannedModel, 'model' | 'version'>> {
    const { config } = model;
    switch (config.connection_type) {
      case 'custom_connection': {
        const adapter = resolved.adapters.get(config.adapter.key);
        const isBuiltIn = (builtInAdapterKeys as readonly string[]).includes(config.adapter.key);
        return adapter === undefined || isBuiltIn ? {} : { adapter };
      }
      case 'recorded':
        return { recording: await storeRecording(config.file_path, content) };
      case 'typescript': {
        const { source, version } = await bundleModule(config.module);
        const bundle = await content.put(new TextEncoder().encode(source));
        await modules.check({ digest: bundle.digest, source }, config.export);
        return { module: { bundle, version } };
      }
      case 'provider_connection':
        return { baseUrl: findBaseUrl(config.provider_id, resolved.environment) };
      case 'openai_compatible':
      case 'placeholder':
        return {};
    }
  }
}

/** The address as it counts and is stored, so that no credential may be in it (format 16.1). */
function findBaseUrl(provider: ProviderId, environment: ResolvedRun['environment']): string {
  const variable = baseUrlVariable(provider);
  const override = environment[variable];
  // An empty value is what a CI system sets for a variable that it does not have.
  if (override === undefined || override === '') return providers[provider].baseUrl;
  const address = URL.canParse(override) ? new URL(override) : undefined;
  if (address?.protocol !== 'http:' && address?.protocol !== 'https:') {
    throw new EvaluationError(
      'config-invalid',
      `The environment variable ${variable} is not an http or https address.`,
    );
  }
  if (address.username !== '' || address.password !== '') {
    throw new EvaluationError('config-secret', `The address in ${variable} holds a user name or password.`, {
      hint: 'Remove what stands before "@".',
    });
  }
  return override;
}

async function storeRecording(file: string, content: PlanningDependencies['content']): Promise<BlobReference> {
  const bytes = await readFile(file).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new EvaluationError('config-file-missing', `The recording ${file} does not exist.`, { cause: error });
  });
  parseRecording(new TextDecoder().decode(bytes), file); // what no query could use is found before anything is spent
  return content.put(bytes);
}
