import type { Client } from '@temporalio/client';
import type { StoreActivities, WaitActivities, WorkActivities } from '../contracts/activities.ts';
import type { Models } from '../models/models.ts';
import type { Store } from '../storage/store.ts';
import { createCheckCache } from './check-cache.ts';
import { createComputeMetrics } from './compute-metrics.ts';
import { createPlanCache } from './plan-cache.ts';
import { createPreparedTasks } from './prepared-tasks.ts';
import { createSegmentRunner, type OnNotice } from './run-segment.ts';
import { createScoreSegment } from './score.ts';
import { createSolveSegment } from './solve.ts';
import { createStoreRecords } from './store.ts';
import { toApplicationFailure } from './to-application-failure.ts';
import { createWaitActivities as createWait } from './wait.ts';

// Dependencies in, functions out; every function translates its errors at this one door.

export function createStoreActivities(dependencies: {
  readonly store: Store;
  readonly client: Client;
  readonly now: () => number;
}): StoreActivities {
  const plans = createPlanCache(dependencies.store.content);
  return translateErrors<StoreActivities>(dependencies.store, {
    ...createCheckCache({ ...dependencies, plans }),
    ...createStoreRecords({ ...dependencies, plans }),
  });
}

export function createWaitActivities({
  store,
  client,
}: {
  readonly store: Store;
  readonly client: Client;
}): WaitActivities {
  return translateErrors<WaitActivities>(store, createWait({ runs: store.runs, client }));
}

export function createWorkActivities(dependencies: {
  readonly store: Store;
  readonly models: Models;
  readonly onNotice?: OnNotice;
}): WorkActivities {
  const { store, models, onNotice } = dependencies;
  const plans = createPlanCache(store.content);
  const getPrepared = createPreparedTasks({ content: store.content, plans, models });
  const runSegment = createSegmentRunner(store, onNotice);
  // Damage heals within a run: scoring has lost solver outputs solved again, metrics have lost scores made again.
  const solveSegment = createSolveSegment({ store, models, getPrepared }, runSegment);
  const scoreSegment = createScoreSegment({ store, models, getPrepared }, runSegment, solveSegment);
  const computeMetrics = createComputeMetrics({ store, plans, scoreSegment });
  return translateErrors<WorkActivities>(store, { solveSegment, scoreSegment, computeMetrics });
}

function translateErrors<Activities extends object>({ content }: Store, activities: Activities): Activities {
  const translated = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...values: unknown[]) => {
      try {
        return await (activity as (...values: unknown[]) => unknown)(...values);
      } catch (error) {
        throw await toApplicationFailure(error, content);
      }
    },
  ]);
  return Object.fromEntries(translated) as Activities;
}
