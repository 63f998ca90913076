import { ApplicationFailure } from '@temporalio/common';
import { createWorkActivities } from '../activities/create-activities.ts';
import { createPlanCache } from '../activities/plan-cache.ts';
import type { WorkActivities } from '../contracts/activities.ts';
import type { Digest } from '../contracts/digest.ts';
import type { ModelOutage } from '../contracts/model-outage.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import type { PlannedTaskSpecification } from '../evaluation/plan.ts';
import type { Models } from '../models/models.ts';
import { findLackingVariables } from '../planning/find-lacking-variables.ts';
import type { LeaseHolder } from '../storage/limit-ledger.ts';
import type { Store } from '../storage/store.ts';
import { createRunModels } from './create-run-models.ts';

/** Between two attempts at work for which a worker lacks a secret: another one may take it. */
const LACKING_RETRY_MS = 1_000;
/** How long the models of a plan stay open without work: from one stage of a task to the next, and no longer. */
const IDLE_MS = 60_000;

export interface SharedWork {
  readonly activities: WorkActivities;
  /** Nothing is sent from now on. */
  hold(): void;
  listOutages(): readonly ModelOutage[];
  close(): Promise<void>;
}

interface Opened {
  readonly models: Models;
  readonly activities: WorkActivities;
  inProgress: number;
  idle: NodeJS.Timeout | undefined;
}

/**
 * Work activities for runs of many plans. Each plan has models of its own, as each run of a command has, so that the limits
 * and patience of one do not hold for another; limits that are declared for the whole store hold over all of them.
 *
 * Work that needs a secret which this worker lacks is given back for another worker to take, for as long as it takes: a
 * run must not fail because a worker was started without a key.
 */
export function createSharedWork(dependencies: {
  readonly store: Store;
  readonly holder: LeaseHolder;
  readonly modules: ModuleHost;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly identity: string;
  readonly onNotice?: (message: string) => void;
  readonly telemetry?: Telemetry;
}): SharedWork {
  const { store, holder, modules, environment, identity, onNotice = () => {}, telemetry } = dependencies;
  const held = new AbortController();
  const plans = createPlanCache(store.content);
  const opened = new Map<Digest, Opened>();
  const complained = new Set<string>();

  const open = (planRef: Digest): Opened => {
    const known = opened.get(planRef);
    if (known !== undefined) return known;
    const models = createRunModels({
      environment,
      store,
      holder,
      modules,
      frozen: false,
      held: held.signal,
      telemetry,
    });
    const made = {
      models,
      activities: createWorkActivities({ store, models, onNotice, telemetry }),
      inProgress: 0,
      idle: undefined,
    };
    opened.set(planRef, made);
    return made;
  };

  async function withPlan<T>(planRef: Digest, work: (activities: WorkActivities) => Promise<T>): Promise<T> {
    const entry = open(planRef);
    clearTimeout(entry.idle);
    entry.inProgress += 1;
    try {
      return await work(entry.activities);
    } finally {
      entry.inProgress -= 1;
      if (entry.inProgress === 0) {
        entry.idle = setTimeout(() => {
          opened.delete(planRef);
          void entry.models.close();
        }, IDLE_MS).unref();
      }
    }
  }

  async function checkSecrets(
    { planRef, key }: { readonly planRef: Digest; readonly key: string },
    listModels: (task: PlannedTaskSpecification) => readonly string[],
  ): Promise<void> {
    const { plan, task } = await plans.getTask(planRef, key);
    const lacking = findLackingVariables(plan, environment, listModels(task));
    if (lacking.length === 0) return;
    const message = `This worker lacks ${lacking.join(', ')}, which task ${key} needs`;
    if (!complained.has(message)) onNotice(`${message}: left to other workers.`);
    complained.add(message);
    throw ApplicationFailure.create({
      type: 'secret-missing',
      message: `Worker ${identity} lacks ${lacking.join(', ')}; left to another one.`,
      nextRetryDelay: LACKING_RETRY_MS,
    });
  }

  return {
    activities: {
      async solveSegment(input) {
        await checkSecrets(input, (task) => (task.model_key === undefined ? [] : [task.model_key]));
        return withPlan(input.planRef, (activities) => activities.solveSegment(input));
      },
      async scoreSegment(input) {
        await checkSecrets(input, listJudges);
        return withPlan(input.planRef, (activities) => activities.scoreSegment(input));
      },
      computeMetrics: (input) => withPlan(input.planRef, (activities) => activities.computeMetrics(input)),
    },
    hold: () => held.abort(),
    listOutages: () => [...opened.values()].flatMap(({ models }) => models.listOutages()),
    async close() {
      for (const { idle } of opened.values()) clearTimeout(idle);
      await Promise.all([...opened.values()].map(({ models }) => models.close()));
    },
  };
}

function listJudges({ definition }: PlannedTaskSpecification): readonly string[] {
  return definition.scorers.flatMap((scorer) => ('model_key' in scorer ? [scorer.model_key] : []));
}
