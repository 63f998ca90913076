import type { JsonValue } from '../contracts/json.ts';
import type { Overrides } from '../contracts/overrides.ts';
import type { FinalStatus } from '../contracts/status.ts';
import type { ScoredSample } from '../evaluation/score.ts';
import type { RunFileInput } from '../evaluation/spec/run-file.ts';
import type { SolvedSample } from '../evaluation/trace.ts';
import type { Cache } from './cache/cache.ts';
import type { PlanDocument, RunDocument, RunSummaryDocument } from './run-document.ts';
import type { Schedules } from './schedules/schedules.ts';

export type { Overrides };

export interface PlanOptions extends Overrides {
  /** File read in place of the `.env` beside the run file; beats the process environment. */
  readonly envFile?: string;
  /** Reads every data file anew, whatever the stat cache says. */
  readonly verifyData?: boolean;
}

export interface RunOptions extends PlanOptions {
  readonly label?: string;
  /** Rejects with `frozen`, starting nothing, where any query would have to be sent. */
  readonly frozen?: boolean;
  /**
   * Conditions that mark the run once it has ended, such as `accuracy < 0.7`, or `accuracy < -0.02` for the difference to
   * the baseline. A metric that cannot be judged counts like one that is beyond.
   */
  readonly alerts?: readonly string[];
  /** What differences are to: the `previous` completed run of the evaluation (default), the `first`, or a run. */
  readonly baseline?: string;
  /**
   * Leaves the run to the workers of the store, or to `stet up`, wherever Temporal is; rejects with `usage` where there are
   * none. The handle then only follows it.
   */
  readonly detach?: boolean;
  /** Arguments of the command, recorded with the run. */
  readonly arguments?: readonly string[];
  /**
   * What becomes of a failed or cancelled run of the same plan: it is resumed, or left alone and a new run is made
   * (default). A function is asked only where there is one and queries would be sent.
   */
  readonly resume?: ResumeChoice | ((found: ResumableRun) => ResumeChoice | Promise<ResumeChoice>);
  /** Rejects with the signal's reason as long as there is no run; afterwards use the handle. */
  readonly signal?: AbortSignal;
}

export type ResumeChoice = 'resume' | 'new';

/** The newest run of a plan, which has failed or was cancelled. */
export interface ResumableRun {
  readonly run: string;
  readonly status: 'failed' | 'cancelled';
  readonly ended_at: string;
  readonly queries: StandingQueries & {
    /** What a new run would send. */
    readonly anew: number;
  };
}

/** How far a run has come, in queries without retries and judges' re-asks. */
export interface StandingQueries {
  /** Answered, and of use to the run that goes on. */
  readonly finished: number;
  readonly missing: number;
}

export interface ResumeOptions extends PlanOptions {
  /**
   * A run file, or a run config, that takes the place of the stored plan. It must have the same specification keys, solver
   * keys and policy; scores of other result keys are dropped and solver outputs stand. The overrides are for it.
   */
  readonly source?: string | RunFileInput;
  /** Of a completed run, tries its failed samples again, in a run of its own; of any other as without it. */
  readonly errors?: boolean;
  /** Arguments of the command, recorded with a run whose plan is replaced, or that is made. */
  readonly arguments?: readonly string[];
  /** Rejects with the signal's reason as long as the run is not taken up; afterwards use the handle. */
  readonly signal?: AbortSignal;
}

/** What a task is doing, as progress lines show it. */
export interface TaskProgressEvent {
  readonly key: string;
  readonly taskResultId: string;
  readonly status: 'pending' | 'running' | FinalStatus;
  readonly stage: 'solve' | 'score' | null;
  /** Samples done in the present stage, of `total`. */
  readonly done: number;
  readonly total: number;
  readonly errors: number;
  readonly queriesPerSecond: number | null;
  readonly etaMs: number | null;
  /** Such as `run abcd1234`; null when it works. */
  readonly waitsFor: string | null;
}

export type RunEvent =
  | {
      readonly type: 'planned';
      readonly plan: PlanDocument;
      readonly runId: string;
      readonly attached: boolean;
      /** Whether others work on it. */
      readonly followed?: boolean;
      /** Above 1 for a run that was resumed. */
      readonly attempt?: number;
      /** The completed run whose failed samples are tried again. */
      readonly mends?: string | null;
      /** How far it had come; of a run that was not begun by this call. */
      readonly queries?: StandingQueries;
    }
  | { readonly type: 'progress'; readonly tasks: readonly TaskProgressEvent[] }
  | { readonly type: 'notice'; readonly message: string };

export interface RunHandle {
  readonly id: string;
  /** Whether this took up a run that was open and ownerless, rather than starting one. */
  readonly attached: boolean;
  /** Whether others work on it, and go on when this process does not. */
  readonly isFollowed?: boolean;
  /** Longest time-out of the models it may ask, milliseconds: after a cancel nothing is in flight for longer. */
  readonly longestRequestTimeoutMs?: number;
  /** Ends when the run has ended. May be iterated once. */
  events(): AsyncIterable<RunEvent>;
  /** The document of the ended run; never rejects for a run that failed or was cancelled. */
  result(): Promise<RunDocument>;
  /** Nothing new is sent; resolves when the run has ended. */
  cancel(): Promise<void>;
  /** Stops working on it and leaves it open (SIGTERM). */
  drain(): Promise<void>;
}

/** One sample of a task result with everything recorded about it. */
export interface SampleDocument {
  readonly task: string;
  readonly sample_id: string;
  readonly sample_index: number;
  readonly sample: JsonValue;
  /** Null while it is not solved or not scored. */
  readonly solved: SolvedSample | null;
  readonly scored: ScoredSample | null;
}

/** The library: what the command line uses, and nothing else. */
export interface Stet {
  plan(source: string | RunFileInput, options?: PlanOptions): Promise<PlanDocument>;
  run(source: string | RunFileInput, options?: RunOptions): Promise<RunHandle>;
  /**
   * Continues a failed or cancelled run: same ids, attempt + 1, the stored plan; takes up an open one.
   *
   * @throws {EvaluationError} `usage` for a completed run, and for one that another process works on; `resume-mismatch`
   *   for a `source` that is another evaluation; all of them at once in a `ConfigurationError`.
   */
  resume(run: string, options?: ResumeOptions): Promise<RunHandle>;
  /**
   * Follows a run, whoever works on it, and takes it up where that is nobody; left out: the newest that is open, else the
   * newest.
   */
  watch(run?: string): Promise<RunHandle>;
  /** Cancels a run from elsewhere and waits until it has ended; one that has ended stays as it is. */
  cancel(run: string): Promise<RunDocument>;
  /**
   * From now on nothing new is sent for an open run, wherever it is worked on; queries in flight may finish. It stays
   * paused through restarts, and can be cancelled.
   *
   * @throws {EvaluationError} `usage` where the run has ended.
   */
  pause(run: string): Promise<RunDocument>;
  /** Lets a paused run go on; one that is not paused stays as it is. */
  unpause(run: string): Promise<RunDocument>;
  show(run: string): Promise<RunDocument>;
  /** Of running and cancelled runs, too: what is recorded so far. `sample` is a sample id. */
  samples(run: string, options: { readonly task: string; readonly sample?: string }): AsyncIterable<SampleDocument>;
  list(options?: { readonly limit?: number }): Promise<readonly RunSummaryDocument[]>;
  /** What is stored and may be reused. */
  readonly cache: Cache;
  readonly schedules: Schedules;
  close(): Promise<void>;
}

/** Types a run config written in TypeScript; returns it unchanged. */
export function defineRun(run: RunFileInput): RunFileInput {
  return run;
}
