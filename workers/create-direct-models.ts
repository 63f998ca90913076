import type { ModuleHost } from '../contracts/module-host.ts';
import { noTelemetry } from '../contracts/telemetry.ts';
import type { PlannedModel } from '../evaluation/plan.ts';
import { createModels } from '../models/create-models.ts';
import type { Models } from '../models/models.ts';
import type { ContentStore } from '../storage/content-store.ts';

/** Models for somebody who asks them without a run: the same connections, pace and retries, and what has left counted. */
export function createDirectModels(options: {
  readonly models: Iterable<PlannedModel>;
  readonly content: Pick<ContentStore, 'get'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly modules: ModuleHost;
  readonly outagePatienceMs: number;
}): Models & { readonly counts: { readonly sent: number; readonly retried: number } } {
  const { environment, content, modules, outagePatienceMs } = options;
  const counts = { sent: 0, retried: 0 };
  const models = createModels({
    environment,
    content,
    modules,
    telemetry: {
      ...noTelemetry,
      querySent(query) {
        if (query.attempt === 0) counts.sent += 1;
        else counts.retried += 1;
        return noTelemetry.querySent(query);
      },
    },
  });
  models.declare(options.models, { outagePatienceMs });
  return { ...models, counts };
}
