import type { CachePolicy, Verdict } from './cache-policy.ts';
import type { Digest } from './digest.ts';
import type { FinalStatus, Status } from './status.ts';
import type { EvaluationInput, PlannedTask } from './workflow-inputs.ts';

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
  /** Since when the run is paused, where it is: Temporal may have forgotten. Undefined from an older release. */
  readonly recordRunStarted: (input: {
    readonly runId: string;
    readonly attempt?: number;
  }) => Promise<{ readonly pausedAt: string | null } | undefined>;
  /** Pauses an open run, or lets it go on; who works on it hears of it within a second. Returns since when it is paused. */
  readonly recordRunPaused: (input: { readonly runId: string; readonly isPaused: boolean }) => Promise<string | null>;
  /** `error`: why the run itself failed, if it did; its unfinished task results fail with it. */
  readonly recordRunEnd: (input: {
    readonly runId: string;
    readonly attempt?: number;
    readonly failed: boolean;
    readonly error?: ReferredError | null;
  }) => Promise<RunEnd | FinalStatus>;
}

/** Firings of schedules, and what their alerts come to: on the store's queue. */
export interface ScheduleActivities {
  /**
   * Records the run of a firing as open, without an owner: whoever takes it up works on it. Repeated, it gives the same
   * run. Null where the schedule is not there any more.
   */
  readonly beginScheduledRun: (firing: Firing) => Promise<EvaluationInput | null>;
  /** Compares the metrics of a run with its alerts and keeps what they find; may read all scores of two runs. */
  readonly judgeAlerts: (input: { readonly runId: string }) => Promise<void>;
}

/** On the planning queue, where the run file lies. */
export interface PlanningActivities {
  /** The same for a schedule that reads its file at each firing. */
  readonly planScheduledRun: (firing: Firing) => Promise<EvaluationInput | null>;
}

export interface Firing {
  readonly schedule: string;
  /** The run's id, and the moment at which it was due, ISO 8601. */
  readonly runId: string;
  readonly scheduledAt: string;
  readonly workflowTaskTimeoutMs: number;
}

/** How a run ended; a bare status is what an older release returned. */
export interface RunEnd {
  readonly status: FinalStatus;
  /** Samples with errors, of all its task results. */
  readonly errors: number;
}

/** Waits, on a queue of their own so that they never occupy working slots. */
export interface WaitActivities {
  /** Returns when a foreign workflow is no longer open; meanwhile the store says which run waits for which. */
  readonly waitWhileWorkflowOpen: (input: {
    readonly workflowId: string;
    readonly taskResultId: string;
  }) => Promise<void>;
  /**
   * Returns when a run has come on by a twentieth since the last report, or waits for others than then. Workflows cannot
   * look into the store, and a report for every segment would fill their histories.
   */
  readonly watchProgress: (input: {
    readonly runId: string;
    /** Of the last report; null before the first. */
    readonly last: ProgressMark | null;
  }) => Promise<ProgressReport>;
}

export type ProgressMark = Pick<ProgressReport, 'solved' | 'scored' | 'waiting'>;

/** How far a run has come, for people; counters and names. */
export interface ProgressReport {
  readonly samples: number;
  readonly solved: number;
  readonly scored: number;
  readonly errors: number;
  readonly queries: { readonly sent: number; readonly retried: number };
  /** What was sent cost so far, for people, such as `$0.0123`; left out where a model has no price, or none was asked. */
  readonly cost?: string;
  /** Number of task results by status. */
  readonly tasks: Readonly<Partial<Record<Status, number>>>;
  /** The first of those under way. */
  readonly underWay: readonly TaskReport[];
  /** How many task results wait for other runs. */
  readonly waiting: number;
}

export interface TaskReport {
  readonly key: string;
  readonly samples: number;
  readonly solved: number;
  readonly scored: number;
  readonly errors: number;
  /** Run that holds what it needs. */
  readonly waitsFor: string | null;
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
  readonly solveSegment: (input: SegmentInput) => Promise<SegmentReport | undefined>;
  readonly scoreSegment: (input: SegmentInput) => Promise<SegmentReport | undefined>;
  /** Actions are already in the scores; this computes metrics, manifest and result digest, and checks the error limit. */
  readonly computeMetrics: (
    input: Omit<SegmentInput, 'segmentIndex'>,
  ) => Promise<Pick<SegmentReport, 'samples' | 'errors'> | undefined>;
}

/** What a sealed segment, or a task result, holds. Undefined in its place: from an older release. */
export interface SegmentReport {
  readonly samples: number;
  /** Samples with an error; of a segment with one of its stage. */
  readonly errors: number;
  readonly queries: { readonly sent: number; readonly retried: number };
}
