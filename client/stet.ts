import type { JsonObject } from '../contracts/json.ts';
import type { Overrides } from '../contracts/overrides.ts';
import type { FinalStatus } from '../contracts/status.ts';
import type { LimitsDocument } from '../evaluation/limits/describe-limits.ts';
import type { ScoredSample } from '../evaluation/score.ts';
import type { RunFileInput } from '../evaluation/spec/run-file.ts';
import type { SolvedSample } from '../evaluation/trace.ts';
import type { Cache } from './cache/cache.ts';
import type { DiffByOptions, DiffDocument, DiffOptions } from './diff/diff-document.ts';
import type { AgainstDocument, ExplainDocument } from './explain/explain-documents.ts';
import type { ExplainOptions } from './explain/explain-run.ts';
import type { PlanDocument, RunDocument, RunSummaryDocument } from './run-document.ts';
import type { Schedules } from './schedules/schedules.ts';
import type { RescoreDocument, TryDocument } from './try/try-documents.ts';

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
   * keys and policy; scores of other result keys are dropped and solver outputs stand. The overrides are for it; `maxCost`
   * and the other limits may be given without it, and set new totals of the run.
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
  /** What it cost so far: millionths of a US dollar, an exact decimal as text; null where a model has no price. */
  readonly costMicros?: string | null;
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
  | {
      readonly type: 'progress';
      readonly tasks: readonly TaskProgressEvent[];
      /** What was spent of which limit so far; null where nothing is limited. */
      readonly limits?: LimitsDocument | null;
    }
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
  readonly sample: JsonObject;
  /** Null while it is not solved or not scored. */
  readonly solved: SolvedSample | null;
  readonly scored: ScoredSample | null;
  /** With `where`: the trials for which it holds, from 0; at least one. */
  readonly matching_trials?: readonly number[];
}

export interface SamplesOptions {
  /** Key of a task specification. */
  readonly task: string;
  /** Only the sample of this id. */
  readonly sample?: string;
  /**
   * Only samples of which some trial fits this expression, such as `scores.includes.is_correct == false`; see
   * docs/iterate.md for the names. What is wrong with it is thrown before the first sample, but for a score that no sample
   * has, which only the last one tells.
   */
  readonly where?: string;
}

export interface TryOptions extends Pick<PlanOptions, 'set' | 'numSamples' | 'envFile'> {
  /** Key of a task specification; left out: the first. */
  readonly task?: string;
  /** Ids of samples, else their numbers in the selection, from 1; left out: the first. */
  readonly samples?: readonly string[];
  /** Rejects with the signal's reason; nothing new is sent from then on. */
  readonly signal?: AbortSignal;
}

export interface RescoreOptions extends Omit<TryOptions, 'samples'> {
  /** The run file with the scoring section; left out: that of the run, as it is now. */
  readonly source?: string | RunFileInput;
  /** Ids or numbers of samples; left out: some that a score called wrong and some others, the same ones every time. */
  readonly samples?: readonly string[];
  /** Chooses only among samples that fit; see {@link SamplesOptions.where}. */
  readonly where?: string;
  /** Samples at most (20). */
  readonly limit?: number;
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
  /**
   * In dataset order, also of running and cancelled runs: what is recorded so far.
   *
   * @throws {EvaluationError} `run-not-found`; `usage` for an expression that is wrong.
   */
  samples(run: string, options: SamplesOptions): AsyncIterable<SampleDocument>;
  /**
   * Runs single samples of one task specification for real and keeps nothing of it: no run, no journal, no blob, and no
   * store is opened. Models are asked under their limits and retries; one that does not answer is waited for 30 s at most.
   *
   * @throws {EvaluationError} of wrong usage or configuration; what goes wrong with a sample is in the document.
   */
  try(source: string | RunFileInput, options?: TryOptions): Promise<TryDocument>;
  /**
   * Scores stored solver outputs of a run with the present scoring section of a file, and publishes nothing. Judges are
   * asked for real.
   */
  rescore(run: string, options?: RescoreOptions): Promise<RescoreDocument>;
  /**
   * Where every piece of a run, of one task of it, or of one sample came from, through every generation of reuse.
   *
   * @throws {EvaluationError} `run-not-found`; `usage` for a sample without a task.
   */
  explain(run: string, options?: ExplainOptions): Promise<ExplainDocument>;
  /** In which fields a run file is other than a run, specification by specification; changes nothing. */
  explainAgainst(source: string | RunFileInput, run: string, options?: PlanOptions): Promise<AgainstDocument>;
  /**
   * Two runs, or a task of each (`RUN/TASK`), side by side: metrics with differences second − first that hold, samples
   * whose verdict turned round, errors, changed fields, usage. The scores of two task results at a time are in memory.
   *
   * @throws {EvaluationError} `run-not-found`, `run-ambiguous`; `usage` for what cannot be compared.
   */
  diff(first: string, second: string, options?: DiffOptions): Promise<DiffDocument>;
  /** The task specifications of one run that differ only in the model, or in one parameter, each with the first of them. */
  diff(run: string, options: DiffByOptions): Promise<DiffDocument>;
  /** Newest first; `onlyOpen` leaves out those that have ended. */
  list(options?: { readonly limit?: number; readonly onlyOpen?: boolean }): Promise<readonly RunSummaryDocument[]>;
  /** What is stored and may be reused. */
  readonly cache: Cache;
  readonly schedules: Schedules;
  close(): Promise<void>;
}

/** Types a run config written in TypeScript; returns it unchanged. */
export function defineRun(run: RunFileInput): RunFileInput {
  return run;
}
