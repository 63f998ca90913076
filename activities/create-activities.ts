import type { Client } from '@temporalio/client';
import type {
  PlanningActivities,
  ScheduleActivities,
  StoreActivities,
  WaitActivities,
  WorkActivities,
} from '../contracts/activities.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import type { Models } from '../models/models.ts';
import type { Store } from '../storage/store.ts';
import { createBeginScheduledRun } from './begin-scheduled-run.ts';
import { createCheckCache } from './check-cache.ts';
import { createComputeMetrics } from './compute-metrics.ts';
import { createJudgeAlerts } from './judge-alerts.ts';
import { createPlanCache } from './plan-cache.ts';
import { createPreparedTasks } from './prepared-tasks.ts';
import { createSegmentRunner, type OnNotice } from './run-segment.ts';
import { createScoreSegment } from './score.ts';
import { createSolveSegment } from './solve.ts';
import { createStandingAnswers } from './standing-answers.ts';
import { createStoreRecords } from './store.ts';
import { toApplicationFailure } from './to-application-failure.ts';
import { createWaitActivities as createWait } from './wait.ts';
import { createWatchProgress } from './watch-progress.ts';

// Dependencies in, functions out; every function translates its errors at this one door.

export function createStoreActivities(dependencies: {
  readonly store: Store;
  readonly client: Client;
  readonly now: () => number;
  readonly telemetry?: Telemetry | undefined;
}): StoreActivities {
  const plans = createPlanCache(dependencies.store.content);
  return translateErrors<StoreActivities>(dependencies.store, {
    ...createCheckCache({ ...dependencies, plans }),
    ...createStoreRecords({ ...dependencies, plans }),
  });
}

export function createScheduleActivities(dependencies: {
  readonly store: Store;
  readonly chooseWorkQueue: (runId: string) => Promise<string>;
}): ScheduleActivities {
  const plans = createPlanCache(dependencies.store.content);
  return translateErrors<ScheduleActivities>(dependencies.store, {
    beginScheduledRun: createBeginScheduledRun({ ...dependencies, plans }),
    judgeAlerts: createJudgeAlerts(dependencies),
  });
}

/** The activities that a command brings for planning, with their errors translated. */
export function createPlanningActivities(store: Store, activities: PlanningActivities): PlanningActivities {
  return translateErrors<PlanningActivities>(store, activities);
}

export function createWaitActivities({
  store,
  client,
}: {
  readonly store: Store;
  readonly client: Client;
}): WaitActivities {
  return translateErrors<WaitActivities>(store, {
    ...createWait({ runs: store.runs, client }),
    ...createWatchProgress(store),
  });
}

export function createWorkActivities(dependencies: {
  readonly store: Store;
  readonly models: Models;
  readonly onNotice?: OnNotice | undefined;
  /** By which the age of single answers is judged. */
  readonly now?: (() => number) | undefined;
  readonly telemetry?: Telemetry | undefined;
}): WorkActivities {
  const { store, models } = dependencies;
  const plans = createPlanCache(store.content);
  const getPrepared = createPreparedTasks({ content: store.content, plans, models });
  const getStanding = createStandingAnswers(store, dependencies);
  const runSegment = createSegmentRunner(dependencies);
  // Damage heals within a run: scoring has lost solver outputs solved again, metrics have lost scores made again.
  const solveSegment = createSolveSegment({ store, models, getPrepared, getStanding }, runSegment);
  const scoreSegment = createScoreSegment({ store, models, getPrepared, getStanding }, runSegment, solveSegment);
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
