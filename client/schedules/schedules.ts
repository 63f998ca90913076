import type { OverlapPolicy } from '../../contracts/schedules.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import type { PlanOptions } from '../stet.ts';
import type { ScheduleDocument, ScheduleSummaryDocument } from './schedule-documents.ts';

/** When a schedule fires: by a cron expression, or every so many milliseconds. */
export type Timing = { readonly cron: string } | { readonly everyMs: number };

export interface AddScheduleOptions extends PlanOptions {
  readonly timing: Timing;
  /** IANA name, in which a cron expression is read; default: that of this machine. */
  readonly timezone?: string;
  /** Unique in the store; default: the key of the evaluation. */
  readonly name?: string;
  /** Firings are spread over so long a time after they are due. */
  readonly jitterMs?: number;
  /** What happens to a firing that is due while the one before runs; default: it is skipped. */
  readonly overlap?: OverlapPolicy;
  /** A firing that was due longer ago, while nothing ran, is missed; default one hour. */
  readonly catchUpMs?: number;
  /** Reads file and data at each firing, in place of the plan as it is now. */
  readonly track?: boolean;
  /** Conditions that mark a run, such as `accuracy < -0.02`; see `parseAlert`. */
  readonly alerts?: readonly string[];
  /** What differences are to: the `previous` completed run (default), the `first`, or a run. */
  readonly baseline?: string;
  /** Where alerts, failed and missed firings are told. */
  readonly notify?: NotifyOptions;
  /** Arguments of the command, recorded with the runs. */
  readonly arguments?: readonly string[];
}

export interface NotifyOptions {
  /** An `http` or `https` address, or `$VARIABLE` for one that is secret itself. */
  readonly url: string;
  /** What signs: `$VARIABLE` or `<< secrets.NAME >>`, never the value; default `$STET_NOTIFY_SECRET`. */
  readonly secret?: string;
}

/** Evaluations that Temporal starts at fixed times; `stet up` or a worker works on them. */
export interface Schedules {
  /**
   * @throws {EvaluationError} `schedule-exists`; `usage` for a timing that cannot be; `config-invalid` for a file without a
   *   declared cache policy; all that is wrong at once in a `ConfigurationError`, before anything is created.
   */
  add(source: string | RunFileInput, options: AddScheduleOptions): Promise<ScheduleDocument>;
  list(): Promise<readonly ScheduleSummaryDocument[]>;
  /** With its next firings, its last runs, and notifications that are not delivered. */
  show(name: string): Promise<ScheduleDocument>;
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Fires now, by the overlap policy of the schedule. */
  trigger(name: string): Promise<void>;
  /** Fires for every moment of a span of time that has passed, one after the other. */
  backfill(name: string, span: { readonly from: Date; readonly to: Date }): Promise<void>;
  /** Its runs stay. */
  remove(name: string): Promise<void>;
}
