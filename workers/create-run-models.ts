import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import { createModels } from '../models/create-models.ts';
import type { Models } from '../models/models.ts';
import type { ContentStore } from '../storage/content-store.ts';

/** The models of one run, with the environment of its file; frozen ones refuse to send anything. */
export function createRunModels(options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly content: ContentStore;
  readonly modules: ModuleHost;
  readonly frozen: boolean;
  readonly held: AbortSignal;
}): Models {
  const models = createModels(options);
  if (!options.frozen) return models;
  return {
    declare: (declared) => models.declare(declared),
    getConcurrency: (model) => models.getConcurrency(model),
    close: () => models.close(),
    query: () => {
      throw new EvaluationError('frozen', 'The run is frozen: it may not send any query.');
    },
  };
}
