import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { LimitLeases } from '../contracts/limit-leases.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import { noTelemetry, type Telemetry } from '../contracts/telemetry.ts';
import { createModels } from '../models/create-models.ts';
import type { Models } from '../models/models.ts';
import type { LeaseHolder } from '../storage/limit-ledger.ts';
import type { Store } from '../storage/store.ts';

/** The models of one run, with the environment of its file; frozen ones refuse to send anything. */
export function createRunModels(options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly store: Pick<Store, 'content' | 'limits'>;
  readonly holder: LeaseHolder;
  readonly modules: ModuleHost;
  readonly frozen: boolean;
  readonly held: AbortSignal;
  readonly telemetry?: Telemetry | undefined;
}): Models {
  const { environment, store, holder, modules, frozen, held, telemetry = noTelemetry } = options;
  const leases: LimitLeases = {
    renew: (request) => store.limits.renew(request, holder),
    release: (group, holderId) => store.limits.release(group, holderId),
  };
  const models = createModels({ environment, content: store.content, modules, leases, held, telemetry });
  if (!frozen) return models;
  return {
    declare: (declared, more) => models.declare(declared, more),
    listOutages: () => models.listOutages(),
    close: () => models.close(),
    query: () => {
      throw new EvaluationError('frozen', 'The run is frozen: it may not send any query.');
    },
  };
}
