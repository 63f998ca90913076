import type { CachePolicy, Verdict } from './cache-policy.ts';
import type { Digest } from './digest.ts';
import type { FinalStatus } from './status.ts';
import type { PlannedTask } from './workflow-inputs.ts';

// The activity interface. `activities/` implements it, `workflows/` proxies it; neither knows the other. Arguments and
// results go into Temporal histories: references, counters and names only.
//
// `attempt` says for which attempt of the task result, or run, an activity writes. A process may wake up long after its
// run was cancelled and resumed: what it then records for the earlier attempt changes nothing.

/**
 * Type of the failure with which scoring or metrics say that the solver outputs which a task result took over are lost.
 * The decision that took them over is forgotten by then; the work goes on as `none`.
 */
export const outputsLostFailure = 'outputs-lost';

/** What ended something, as it may stand in a history. */
export interface ReferredError {
  readonly code: string;
  readonly message: string;
  /** Blob of the message, which may repeat what a service said and so does not enter the history. */
  readonly text?: Digest;
}

/** Store activities: milliseconds each, idempotent, on the store's queue. */
export interface StoreActivities {
  /**
   * The cache check: a verdict per task, in order. Records a full one as alias. A task result that has a final status
   * already is `full` under every policy: nothing is left to do.
   */
  readonly checkReuse: (input: {
    readonly runId: string;
    readonly planRef: Digest;
    readonly policy: CachePolicy;
    readonly tasks: readonly PlannedTask[];
  }) => Promise<Verdict[]>;
  /** The decision that binds, made while the workflow id is held. The expected verdict is recorded as `running`. */
  readonly decideReuse: (input: {
    readonly runId: string;
    readonly planRef: Digest;
    readonly policy: CachePolicy;
    readonly task: PlannedTask;
    readonly expected: Exclude<Verdict, 'full'>;
  }) => Promise<Verdict>;
  /** Makes the result visible to look-ups: one transaction, the last step of the success path. */
  readonly publishTaskResult: (input: {
    readonly taskResultId: string;
    readonly attempt?: number;
    readonly key: string;
    readonly planRef: Digest;
  }) => Promise<void>;
  readonly recordTaskResultEnd: (input: {
    readonly taskResultId: string;
    readonly attempt?: number;
    readonly status: Exclude<FinalStatus, 'completed'>;
    readonly error: ReferredError | null;
  }) => Promise<FinalStatus>;
  /** The recorded status of a child that failed; where there is none, the one its close event means. */
  readonly settleTaskResult: (input: {
    readonly taskResultId: string;
    readonly attempt?: number;
    readonly workflowId: string;
    /**
     * The execution that failed: the id is a lock, which others have held before and since. Null where a cancel came
     * before the child was started.
     */
    readonly executionId?: string | null;
  }) => Promise<FinalStatus>;
  readonly recordRunStarted: (input: { readonly runId: string; readonly attempt?: number }) => Promise<void>;
  /** `error`: why the run itself failed, if it did; its unfinished task results fail with it. */
  readonly recordRunEnd: (input: {
    readonly runId: string;
    readonly attempt?: number;
    readonly failed: boolean;
    readonly error?: ReferredError | null;
  }) => Promise<FinalStatus>;
}

/** Waits, on a queue of their own so that they never occupy working slots. */
export interface WaitActivities {
  /** Returns when a foreign workflow is no longer open; meanwhile the store says which run waits for which. */
  readonly waitWhileWorkflowOpen: (input: {
    readonly workflowId: string;
    readonly taskResultId: string;
  }) => Promise<void>;
}

export interface SegmentInput {
  readonly taskResultId: string;
  readonly attempt?: number;
  /** Key of the task specification in the plan. */
  readonly key: string;
  readonly planRef: Digest;
  readonly segmentIndex: number;
}

/** Solve, score and metrics: on the work queue of the run, polled with the environment of its file. */
export interface WorkActivities {
  readonly solveSegment: (input: SegmentInput) => Promise<void>;
  readonly scoreSegment: (input: SegmentInput) => Promise<void>;
  /** Actions are already in the scores; this computes metrics, manifest and result digest, and checks the error limit. */
  readonly computeMetrics: (input: Omit<SegmentInput, 'segmentIndex'>) => Promise<void>;
}
