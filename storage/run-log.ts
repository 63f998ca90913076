import type { CachePolicy } from '../contracts/cache-policy.ts';
import type { Digest } from '../contracts/digest.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { FinalStatus, Status } from '../contracts/status.ts';
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
}

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

export interface TaskProgress {
  readonly taskResultId: string;
  readonly stage: 'solve' | 'score';
  /** Samples with an outcome, journalled or sealed. */
  readonly done: number;
  readonly errors: number;
  /** Of these outcomes; those of solver outputs that were taken over are the source's. */
  readonly queries: { readonly sent: number; readonly retried: number };
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
  createRun(
    run: Omit<RunRecord, 'status' | 'attempt' | 'endedAt' | 'workedMs'>,
    taskResults: readonly NewTaskResult[],
  ): Promise<void>;
  /**
   * By id, unique id prefix, label (the newest), `latest` or `latest~N`.
   *
   * @throws {EvaluationError} `run-not-found` naming the nearest, `run-ambiguous` naming the candidates.
   */
  getRun(reference: string): Promise<RunRecord>;
  /** Newest first. */
  listRuns(options: { readonly limit: number }): Promise<readonly RunRecord[]>;
  findOpenRuns(): Promise<readonly RunRecord[]>;
  recordRunStarted(runId: string): Promise<void>;
  /** Derives the status from the task results; unfinished ones become `cancelled`, or `failed`, with `error`, when the run failed. */
  recordRunEnd(
    runId: string,
    options: { readonly failed: boolean; readonly error?: RecordedError | null },
  ): Promise<FinalStatus>;
  /**
   * Opens a failed or cancelled run again: attempt + 1; its failed and cancelled task results become pending, their
   * answers and good samples stand, segments with errors are reopened. Completed ones stay.
   */
  reopenRun(runId: string): Promise<RunRecord>;
  /**
   * Makes a process the owner; false, changing nothing, when `isAlive` says so of the present one, the caller included: a
   * process works on its run already.
   */
  takeRun(runId: string, processId: string, isAlive: (owner: ProcessRecord) => boolean): Promise<boolean>;
  releaseRun(runId: string, processId: string): Promise<void>;
  registerProcess(process: ProcessRecord): Promise<void>;
  removeProcess(processId: string): Promise<void>;
  listProcesses(): Promise<readonly ProcessRecord[]>;
  /** Which run waits for which: what a progress line shows, and whom an owner takes up. */
  recordWait(taskResultId: string, holderRunId: string | null): Promise<void>;
  listWaits(runId: string): Promise<readonly { readonly taskResultId: string; readonly holderRunId: string }[]>;
  listProgress(runId: string): Promise<readonly TaskProgress[]>;
  close(): Promise<void>;
}
