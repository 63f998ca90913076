import { randomUUID } from 'node:crypto';
import type { LimitLeases } from '../contracts/limit-leases.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import { noTelemetry, type Telemetry } from '../contracts/telemetry.ts';
import type { PlannedModel } from '../evaluation/plan.ts';
import type { Connection } from '../evaluation/spec/models.ts';
import { Availability, defaultPatienceMs } from './availability.ts';
import type { Budget } from './budget.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Content } from './connections/connection-context.ts';
import { createConnection } from './connections/create-connection.ts';
import { describeOutage, describeUnusable } from './describe-outage.ts';
import { describeTarget } from './describe-target.ts';
import { Limiter } from './limiter.ts';
import type { Models } from './models.ts';
import { createSecrets, type Environment } from './secrets.ts';
import { type Route, sendQuery } from './send-query.ts';

export interface ModelsDependencies extends Partial<Clock> {
  readonly environment: Environment;
  readonly content: Content;
  readonly modules: ModuleHost;
  /** Shares declared limits with everybody else who uses the store; without it they hold among these models. */
  readonly leases?: LimitLeases;
  /** Once it fires nothing more is sent: what is not in flight waits for its own signal to be told what became of it. */
  readonly held?: AbortSignal;
  readonly telemetry?: Telemetry;
}

/** Everything that the process holds for one model version with one set of secrets. */
interface Entry extends Route {
  readonly planned: PlannedModel;
}

/** Queries at once of what runs in this process, where the model does not say. */
const inProcessConcurrency = 256;

export function createModels(dependencies: ModelsDependencies): Models {
  const { leases, held, telemetry = noTelemetry } = dependencies;
  const clock: Clock = { ...systemClock, ...pickClock(dependencies) };
  const holderId = randomUUID();
  const entries = new Map<string, Entry>();
  const entriesOfPlanned = new WeakMap<PlannedModel, Entry>();
  const limiters = new Map<string, Limiter>();
  let patienceMs = defaultPatienceMs;

  const getLimiter = ({ model, version }: PlannedModel): Limiter => {
    const group = model.limit_group === undefined ? `version ${version}` : `group ${model.limit_group}`;
    let limiter = limiters.get(group);
    if (limiter === undefined) {
      limiter = new Limiter(clock, {
        defaultConcurrency: isInProcess(model.config) ? inProcessConcurrency : undefined,
        shared: leases && { leases, group, holderId },
      });
      limiters.set(group, limiter);
    }
    limiter.tighten({ rateLimit: model.rate_limit, maxConcurrentRequests: model.max_concurrent_requests });
    // Another file may limit what is used here without limits.
    limiter.share();
    return limiter;
  };

  const getEntry = (planned: PlannedModel): Entry => {
    const known = entriesOfPlanned.get(planned);
    if (known !== undefined) return known;
    const { model } = planned;
    // The version leaves out what only says where a secret's value lies and how the transport is secured.
    const identity = JSON.stringify([
      planned.version,
      model.config,
      model.secrets,
      model.limit_group,
      model.request_timeout,
    ]);
    const limiter = getLimiter(planned);
    let entry = entries.get(identity);
    if (entry === undefined) {
      const secrets = createSecrets(dependencies.environment, model.key);
      entry = {
        planned,
        target: describeTarget(planned),
        connection: createConnection({ ...dependencies, planned, secrets, clock }),
        limiter,
        availability: new Availability(clock, (failure, waitedMs) => describeUnusable(model.key, failure, waitedMs)),
      };
      entry.availability.setPatience(patienceMs);
      entries.set(identity, entry);
    }
    entriesOfPlanned.set(planned, entry);
    return entry;
  };

  return {
    declare(planned, options = {}) {
      patienceMs = options.outagePatienceMs ?? patienceMs;
      for (const { availability } of entries.values()) availability.setPatience(patienceMs);
      for (const model of planned) getLimiter(model);
    },
    query: async (planned, request, signal, keep = keepNothing, budget?: Budget, onSend?: () => void) =>
      sendQuery(getEntry(planned), planned.model, { request, signal, keep, budget, onSend, clock, held, telemetry }),
    listOutages: () =>
      [...entries.values()].flatMap(({ planned, availability }) => {
        const { outage } = availability;
        if (outage === undefined) return [];
        return [{ modelVersion: planned.version, text: describeOutage(planned.model.key, outage, clock.now()) }];
      }),
    async close() {
      const all = [...entries.values()];
      for (const { availability, target } of all) {
        if (availability.outage !== undefined) telemetry.modelHeld(target.model, false);
        availability.close();
      }
      await Promise.all([...limiters.values()].map((limiter) => limiter.close()));
      await Promise.all(all.map(({ connection }) => connection.close()));
    },
  };
}

async function keepNothing(): Promise<void> {}

function isInProcess(config: Connection): boolean {
  return (
    config.connection_type === 'typescript' ||
    config.connection_type === 'recorded' ||
    config.connection_type === 'placeholder'
  );
}

function pickClock(clock: Partial<Clock>): Partial<Clock> {
  const { now, random, sleep } = clock;
  return { ...(now && { now }), ...(random && { random }), ...(sleep && { sleep }) };
}
