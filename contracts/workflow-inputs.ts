import type { CachePolicy, Verdict } from './cache-policy.ts';
import type { Digest } from './digest.ts';

/** Task queues of a run; in the input, not derived, so that the same code serves embedded and cluster. */
export interface Queues {
  readonly wait: string;
  readonly work: string;
}

/** What a workflow needs to know of a task specification: references and counters, never lists. */
export interface PlannedTask {
  readonly key: string;
  readonly taskResultId: string;
  readonly solverKey: Digest;
  readonly resultKey: Digest;
  readonly segmentCount: number;
  /**
   * Attempt of the task result that this work belongs to. Whatever writes to the store says it: what an earlier attempt
   * brings late must change nothing. Left out by runs that an older release started.
   */
  readonly attempt?: number;
  /** Samples of the selection, and the evaluated model: what Temporal's lists and pages show beside the key. */
  readonly samples?: number;
  readonly modelKey?: string;
}

/** What started a run. */
export const triggers = ['command', 'schedule'] as const;
export type Trigger = (typeof triggers)[number];

/**
 * What the workflows of a run say of it in Temporal's lists. Left out by runs that an older release started, whose
 * workflows say nothing there: a replay must find what was said before.
 */
export interface ShownRun {
  readonly evaluation: string;
  readonly trigger: Trigger;
}

/** What a task result came to so far. */
export interface TaskCounts {
  /** Samples in sealed segments of the stage. */
  readonly solved: number;
  readonly scored: number;
  readonly errors: number;
  readonly queries: { readonly sent: number; readonly retried: number };
}

export interface EvaluationInput {
  readonly storeId: string;
  readonly runId: string;
  /** Attempt of the run; see `PlannedTask.attempt`. */
  readonly attempt?: number;
  /** Blob of the plan. */
  readonly planRef: Digest;
  readonly policy: CachePolicy;
  readonly tasks: readonly PlannedTask[];
  readonly queues: Queues;
  /** Task results worked on at once. */
  readonly maxParallelTasks: number;
  /** Segments of one task result in progress at once. */
  readonly window: number;
  /** 2,000 embedded, where a killed worker must not be waited for; 10,000 on a cluster. */
  readonly workflowTaskTimeoutMs: number;
  readonly shown?: ShownRun;
  /** It has alerts, to be judged before its end is recorded. */
  readonly hasAlerts?: true;
}

export interface TaskResultInput extends PlannedTask {
  readonly storeId: string;
  readonly runId: string;
  readonly planRef: Digest;
  readonly policy: CachePolicy;
  readonly queues: Queues;
  readonly window: number;
  /** What the id was started for; another finding under the lock ends the workflow with that finding. */
  readonly expected: Exclude<Verdict, 'full'>;
  /** Where a continued workflow goes on; `decide` at the start. */
  readonly stage: 'decide' | 'solve' | 'score';
  readonly nextSegment: number;
  readonly shown?: ShownRun;
  /** Of the segments before. */
  readonly counts?: TaskCounts;
}

export const evaluationWorkflowName = 'evaluationWorkflow';

/** What every firing of a schedule is started with: Temporal keeps it for as long as there is the schedule. */
export interface ScheduledEvaluationInput {
  readonly storeId: string;
  /** Name of the schedule; all else about it is in the store. */
  readonly schedule: string;
  /** The file is read at each firing, on the planning queue; else the plan runs as it was when the schedule was made. */
  readonly tracks: boolean;
  readonly workflowTaskTimeoutMs: number;
}

export const scheduledEvaluationWorkflowName = 'scheduledEvaluationWorkflow';

/** Updates of an evaluation: from a pause on nothing new is sent for the run, until it is unpaused. */
export const pauseUpdateName = 'pause';
export const unpauseUpdateName = 'unpause';

/** How a task result workflow ended well: it published, or found something else under the lock than it was started for. */
export type TaskResultOutcome = Verdict | 'published';
