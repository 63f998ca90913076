import type { Client } from '@temporalio/client';
import type { PlanningActivities } from '../contracts/activities.ts';
import type { ModelOutage } from '../contracts/model-outage.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import type { FinalStatus } from '../contracts/status.ts';
import type { Answer, ModelInput } from '../evaluation/model-io.ts';
import type { PlannedModel } from '../evaluation/plan.ts';
import type { Sample } from '../evaluation/sample.ts';
import type { ContentStore } from '../storage/content-store.ts';
import type { RecordedError } from '../storage/result-index.ts';
import type { ProcessRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';

/** What a command gets from whoever composes it: a store, and Temporal with workers when work has to be done. */
export interface Host {
  /** Undefined where there is no store yet and `create` is false: nothing is written for a plan. */
  openStore(options: { readonly create: boolean }): Promise<Store | undefined>;
  /** Temporal with workers on the store's queues; started at the first call, shared by all. */
  openSession(): Promise<Session>;
  /** Whose Temporal a session is going to use; asks no server. */
  findTemporal(): Promise<Session['temporal']>;
  readonly modules: ModuleHost;
  /** Models to ask without a run: no journal, no Temporal, and limits that hold among these queries only. */
  openModels(options: {
    readonly models: Iterable<PlannedModel>;
    /** Where recordings and modules are. */
    readonly content: Pick<ContentStore, 'get'>;
    readonly environment: Readonly<Record<string, string | undefined>>;
    /** How long a model that does not answer is waited for. */
    readonly outagePatienceMs: number;
  }): Promise<DirectModels>;
  /** Rows a segment, where the store does not say. */
  readonly segmentSize: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  isProcessAlive(process: ProcessRecord): boolean;
  onNotice(message: string): void;
  close(): Promise<void>;
}

/** Models asked by whoever waits for the answer; nothing is recorded. */
export interface DirectModels {
  /**
   * Sends a query under the model's limits and retries.
   *
   * @throws {ModelError} final. Rejects as well once `signal` has fired.
   */
  query(model: PlannedModel, query: DirectQuery, signal: AbortSignal): Promise<Answer>;
  /** Models that do not answer now, in words. */
  listOutages(): readonly ModelOutage[];
  /** What has left so far; retries apart. */
  readonly counts: { readonly sent: number; readonly retried: number };
  close(): Promise<void>;
}

export interface DirectQuery {
  readonly input: ModelInput;
  readonly sample: Pick<Sample, 'id' | 'row'>;
  readonly trial: number;
  /** How many the same solver or scorer has asked in this trial, from 0. */
  readonly call: number;
}

/** Whether a live process of the store is a worker; `away`: none is, and a few minutes ago there was one. */
export type SharedWorkers = 'present' | 'away' | 'none';

/** Temporal as this process uses it. */
export interface Session {
  readonly client: Client;
  readonly storeId: string;
  /** This process in the store's registry. */
  readonly processId: string;
  /** Whose Temporal it is: the one that Stet brings to a store, or one that somebody else runs. */
  readonly temporal: 'embedded' | 'remote';
  readonly workflowTaskTimeoutMs: number;
  /**
   * When Temporal's database was made, or first served after a restart of the machine (a power cut takes its last
   * transactions), ISO 8601: a run from before it that Temporal does not know was lost, and not deleted by somebody.
   */
  readonly databaseWholeSince: string;
  /** Fires when the session closes: what still waits for Temporal gives up, since its connection goes. */
  readonly closing: AbortSignal;
  /** Polls the work queue of a run with the environment of its file. */
  startWork(work: {
    readonly runId: string;
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly frozen: boolean;
  }): Promise<RunWork>;
  /** Polls the queue that runs without an owner share, with one environment for all of them. */
  startSharedWork(work: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly maxSegments: number;
  }): Promise<RunWork>;
  /** Plans, with the files of this machine, the firings of schedules that read theirs each time. */
  startPlanning(activities: PlanningActivities): Promise<{ stop(): Promise<void> }>;
  /** Who polls that queue. */
  findSharedWorkers(): Promise<SharedWorkers>;
  /** Whether Temporal answers, and everything that this process polls for is being polled for. */
  checkHealth(): Promise<{ readonly temporal: boolean; readonly workers: boolean }>;
  /**
   * Gives the work of dead processes of this host back at once (design 4.3).
   *
   * @param workflowIds - In place of the evaluation and its open children.
   */
  recover(runId: string, workflowIds?: readonly string[]): Promise<void>;
  /** What Temporal says of the run's workflow. */
  describe(runId: string): Promise<WorkflowState>;
}

/** What this process does for a run. */
export interface RunWork {
  /** Sends nothing more from now on; the run itself is not told. */
  hold(): void;
  /** Models that it holds because they do not answer. */
  listOutages(): readonly ModelOutage[];
  /** Tells its activities to stop, lets queries in flight finish, and ends. */
  stop(): Promise<void>;
}

export type WorkflowState =
  | { readonly state: 'open' }
  /** Temporal does not know it: its database is new, or somebody deleted the workflow. */
  | { readonly state: 'unknown' }
  | {
      readonly state: 'closed';
      /** Temporal's id of the execution: children that it left behind name it. */
      readonly executionId: string;
      /** ISO 8601; tells one attempt of a run from the next. */
      readonly startedAt: string;
      /** What it means where nothing was recorded: terminated is `cancelled`, ended by a limit of Temporal `failed`. */
      readonly status: FinalStatus;
      readonly error: RecordedError | null;
    };
