import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { ModuleHost } from '../../contracts/module-host.ts';
import type { PlannedModel } from '../../evaluation/plan.ts';
import type { Generation } from '../../evaluation/spec/models.ts';
import type { Clock } from '../clock.ts';
import type { Environment, Secrets } from '../secrets.ts';

/** Blobs of the plan. */
export interface Content {
  get(digest: Digest): Promise<Uint8Array>;
}

/** What a connection is made of. */
export interface ConnectionContext {
  readonly planned: PlannedModel;
  readonly environment: Environment;
  readonly secrets: Secrets;
  readonly content: Content;
  readonly modules: ModuleHost;
  readonly clock: Clock;
}

/** Parameters of generation as a service takes them: `extra` beside the others. */
export function flattenGeneration(generation: Generation): JsonObject {
  const { extra, ...named } = generation;
  return { ...named, ...extra } as JsonObject;
}
