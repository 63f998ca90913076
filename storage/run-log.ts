import type { RunAlerts } from '../contracts/alert-finding.ts';
import type { CachePolicy } from '../contracts/cache-policy.ts';
import type { Digest } from '../contracts/digest.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { FinalStatus, Status } from '../contracts/status.ts';
import type { Trigger } from '../contracts/workflow-inputs.ts';
import type { SpendingLimits } from '../evaluation/limits/spending-limits.ts';
import type { Usage } from '../evaluation/usage/usage.ts';
import type { RecordedError } from './result-index.ts';

/** A process that works on the store, as others can tell whether it lives: a pid alone is no proof. */
export interface ProcessRecord {
  /** Random; names the process for ever. */
  readonly processId: string;
  readonly host: string;
  readonly pid: number;
  /** What the operating system says of the start of that pid; differs when a pid is used again. */
  readonly startMark: string;
  readonly command: string;
  readonly registeredAt: string;
  /** When it last gave a sign of life: all that can be known here of a process of another machine. */
  readonly seenAt: string;
}

/** One run; times are ISO 8601 in UTC. */
export interface RunRecord {
  readonly runId: string;
  readonly evaluationKey: string;
  readonly label: string | null;
  /** Digest over result keys and policy: what makes two runs the same work. */
  readonly planDigest: Digest;
  /** Blob of the plan. */
  readonly plan: Digest;
  readonly policy: CachePolicy;
  readonly status: Status;
  readonly attempt: number;
  /** Process that works on it; null when nobody does. */
  readonly ownerId: string | null;
  /** Absolute path of the run file, whose `.env` the worker reads; null for a run from the library. */
  readonly file: string | null;
  /** User, host, git commit and dirtiness, arguments, versions. */
  readonly origin: JsonObject;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Milliseconds worked on in earlier attempts. */
  readonly workedMs: number;
  /** The completed run whose errors this one tries again; null for any other. */
  readonly mends: string | null;
  /**
   * The queue on which all workers of the store offer to do its work; such a run has no owner. Null: a queue of its own,
   * which its owner polls.
   */
  readonly workQueue: string | null;
  /** Since when nothing new is sent for it; null where it is not paused. */
  readonly pausedAt: string | null;
  /** What began it: somebody's command, or a schedule with its name and the moment that was due. */
  readonly trigger: Trigger;
  readonly scheduleName: string | null;
  readonly scheduledAt: string | null;
  /** Null where it has none. */
  readonly alerts: RunAlerts | null;
}

/** What a caller says of a run that it creates. */
export type NewRun = Omit<
  RunRecord,
  'status' | 'attempt' | 'endedAt' | 'workedMs' | 'mends' | 'pausedAt' | OptionalOfNewRun
> &
  Partial<Pick<RunRecord, OptionalOfNewRun>> & {
    /** What it may spend; null, or left out: no limit. What holds later is asked of the `SpendingLedger`. */
    readonly limits?: SpendingLimits | null;
  };
/** Left out, somebody's command began it, who owns it, and there are no alerts. */
type OptionalOfNewRun = 'workQueue' | 'trigger' | 'scheduleName' | 'scheduledAt' | 'alerts';

export interface NewTaskResult {
  readonly taskResultId: string;
  readonly key: string;
  readonly taskKey: string;
  readonly solverKey: Digest;
  readonly resultKey: Digest;
  readonly segmentCount: number;
  readonly samplesTotal: number;
  readonly solverFingerprint: JsonObject;
  readonly resultFingerprint: JsonObject;
}

/** The plan of a run file that takes the place of a run's stored plan: the same specifications with the same solver keys. */
export interface ReplacingPlan extends Pick<RunRecord, 'evaluationKey' | 'planDigest' | 'plan' | 'file' | 'origin'> {
  /** By key; the id is used where a completed task result must stay and another takes its place. */
  readonly tasks: readonly NewTaskResult[];
}

/** What a specification of a run was planned with. */
export interface PlannedKeys
  extends Pick<NewTaskResult, 'key' | 'solverKey' | 'resultKey' | 'solverFingerprint' | 'resultFingerprint'> {}

/** One task result of a run that tries errors again. */
export interface Mending {
  readonly taskResultId: string;
  /** The task result of the completed run that it takes the place of. */
  readonly mends: string;
  /** Segments of it whose blobs are lost: they are made anew. */
  readonly lost: readonly { readonly stage: 'solve' | 'score'; readonly segmentIndex: number }[];
}

export interface TaskProgress {
  readonly taskResultId: string;
  readonly stage: 'solve' | 'score';
  /** Samples with an outcome, journalled or sealed. */
  readonly done: number;
  readonly errors: number;
  /** Of these outcomes; those of solver outputs that were taken over are the source's. */
  readonly queries: { readonly sent: number; readonly retried: number };
  /** Single answers of other results that stood in sealed segments. */
  readonly answersStood: number;
}

/** Runs, their owners, and the processes at work. Every method is one transaction. */
export interface RunLog {
  /** Random name of this store, made once; part of every workflow id. */
  getStoreId(): Promise<string>;
  /**
   * Rows a segment, for everything in this store: whoever makes it fixes it, since solver outputs stand segment by segment
   * and a result cut otherwise could not be taken over.
   */
  getSegmentSize(): Promise<number>;
  createRun(run: NewRun, taskResults: readonly NewTaskResult[]): Promise<void>;
  /**
   * Records a run that tries the errors of a completed one again. A task result without errors stands, as alias; one with
   * errors is pending, one attempt later, and has what is good of its source: segments with errors are reopened.
   */
  createMendingRun(run: NewRun & { readonly mends: string }, mendings: readonly Mending[]): Promise<void>;
  /**
   * By id, unique id prefix, label (the newest), `latest` or `latest~N`.
   *
   * @throws {EvaluationError} `run-not-found` naming the nearest, `run-ambiguous` naming the candidates.
   */
  getRun(reference: string): Promise<RunRecord>;
  /** Runs by their whole ids, in no order; unknown ones are left out. */
  findRuns(runIds: readonly string[]): Promise<readonly RunRecord[]>;
  /** Newest first. */
  listRuns(options: { readonly limit: number }): Promise<readonly RunRecord[]>;
  findOpenRuns(): Promise<readonly RunRecord[]>;
  /** The newest run of a plan, whatever became of it. */
  findNewestRun(planDigest: Digest): Promise<RunRecord | undefined>;
  /** Keys and fingerprints of the specifications of a run, in the order of the evaluation. */
  listPlannedKeys(runId: string): Promise<readonly PlannedKeys[]>;
  /** Pauses an open run from that moment on, or with null lets it go on; false, changing nothing, where it has ended. */
  recordPaused(runId: string, pausedAt: string | null): Promise<boolean>;
  /** `attempt`: as in `recordRunEnd`. */
  recordRunStarted(runId: string, attempt?: number): Promise<void>;
  /**
   * Derives the status from the task results; unfinished ones become `cancelled`, or `failed`, with `error`, when the run
   * failed. Where another attempt of the run than the given one is at work, nothing changes: its end is not this one's.
   */
  recordRunEnd(
    runId: string,
    options: { readonly failed: boolean; readonly error?: RecordedError | null; readonly attempt?: number },
  ): Promise<FinalStatus>;
  /**
   * Opens a failed or cancelled run again: attempt + 1; its failed and cancelled task results become pending, their
   * answers and good samples stand, segments with errors are reopened. Completed ones stay.
   *
   * @param options.ownerId - Becomes the owner; an open run is then refused with `usage`, since it is somebody's already.
   * @param options.plan - Takes the place of the stored one. Where it gives a specification another result key, scores are
   *   dropped and solver outputs stand, those of a completed task result in a new one; the completed one is kept apart
   *   from the run, for what stands on it.
   */
  reopenRun(runId: string, options?: { readonly ownerId?: string; readonly plan?: ReplacingPlan }): Promise<RunRecord>;
  /**
   * Makes a process the owner; false, changing nothing, when the run has ended, when its work is offered to all workers, or
   * when `isAlive` says so of the present owner, the caller included: a process works on its run already.
   */
  takeRun(runId: string, processId: string, isAlive: (owner: ProcessRecord) => boolean): Promise<boolean>;
  /** Gives ownership up; another's is left alone, and that of another attempt where `attempt` says of which. */
  releaseRun(runId: string, processId: string, attempt?: number): Promise<void>;
  /** Says who is to work on an open run whose workflow has not begun. For its owner. */
  placeRun(runId: string, place: Pick<RunRecord, 'workQueue' | 'ownerId'>): Promise<void>;
  registerProcess(process: ProcessRecord): Promise<void>;
  /** Records a sign of life; false where the process is not registered. */
  renewProcess(processId: string, seenAt: string): Promise<boolean>;
  removeProcess(processId: string): Promise<void>;
  listProcesses(): Promise<readonly ProcessRecord[]>;
  /**
   * Makes a process the one that has a duty of the store, such as looking after runs that nobody owns; true also where it
   * has it already. False where another has it, of which `keepsIt` says that it lives and, where that counts, is awake.
   *
   * @param keepsIt - Hears the holder, and the sign that it left last.
   * @param sign - Left for others to see: one who changes it is at work. They compare no clocks.
   */
  takeDuty(
    duty: string,
    processId: string,
    keepsIt: (holder: ProcessRecord, sign: string) => boolean,
    sign?: string,
  ): Promise<boolean>;
  /**
   * Notes which Temporal the store is used with; since when it has been this one without interruption, ISO 8601. Runs from
   * before may be unknown there without having been deleted.
   */
  recordTemporal(id: string, now: string): Promise<string>;
  /** Which run waits for which: what a progress line shows, and whom an owner takes up. */
  recordWait(taskResultId: string, holderRunId: string | null): Promise<void>;
  listWaits(runId: string): Promise<readonly { readonly taskResultId: string; readonly holderRunId: string }[]>;
  listProgress(runId: string): Promise<readonly TaskProgress[]>;
  /** What was asked so far for task results that have no metrics yet, by their ids: sealed, journalled and lost work. */
  listUsage(runId: string): Promise<ReadonlyMap<string, Usage>>;
  close(): Promise<void>;
}
