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
}

export const evaluationWorkflowName = 'evaluationWorkflow';

/** How a task result workflow ended well: it published, or found something else under the lock than it was started for. */
export type TaskResultOutcome = Verdict | 'published';
