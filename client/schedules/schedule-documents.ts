import type { AlertFinding } from '../../contracts/alert-finding.ts';
import type { CachePolicy } from '../../contracts/cache-policy.ts';
import type { NotificationKind, OverlapPolicy } from '../../contracts/schedules.ts';
import type { Status } from '../../contracts/status.ts';

/** One schedule, as `schedule list --json` prints it. */
export interface ScheduleSummaryDocument {
  readonly schedule: string;
  readonly evaluation: string;
  readonly cache_policy: CachePolicy;
  /** One of the two. */
  readonly cron: string | null;
  readonly every_ms: number | null;
  readonly timezone: string;
  readonly paused: boolean;
  readonly last_run: ScheduledRunDocument | null;
}

/** One schedule with everything about it. */
export interface ScheduleDocument extends Omit<ScheduleSummaryDocument, 'last_run'> {
  readonly jitter_ms: number;
  readonly overlap: OverlapPolicy;
  readonly catch_up_ms: number;
  readonly file: string | null;
  /** Reads its file at each firing; else the plan runs as it was when the schedule was made. */
  readonly tracks: boolean;
  readonly alerts: readonly string[];
  readonly baseline: string | null;
  readonly notify: string | null;
  readonly created_at: string;
  /** Whose Temporal starts its runs: of an embedded one it fires only while a server runs on the store, as `stet up` does. */
  readonly temporal: 'embedded' | 'remote';
  /** The next five firings; none while it is paused. */
  readonly next: readonly string[];
  /** Firings that found the one before still running. */
  readonly skipped: number;
  /** Firings that were due while nothing ran, longer ago than `catch_up_ms`. */
  readonly missed: number;
  /** The last firing that could not begin a run. */
  readonly last_failure: {
    readonly scheduled_at: string;
    readonly error: { readonly code: string; readonly message: string };
  } | null;
  /** The last ten, newest first. */
  readonly runs: readonly ScheduledRunDocument[];
  /** Notifications that wait to be delivered, or were given up. */
  readonly undelivered: readonly UndeliveredDocument[];
}

export interface ScheduledRunDocument {
  readonly run: string;
  readonly status: Status;
  readonly scheduled_at: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly tasks: readonly {
    readonly key: string;
    readonly status: Status;
    readonly metrics: Readonly<Record<string, number | null>> | null;
  }[];
  /** What its alerts found; null before its end, and for a run without alerts. */
  readonly alerts: readonly AlertFinding[] | null;
}

export interface UndeliveredDocument {
  readonly notification: string;
  readonly kind: NotificationKind | 'none';
  readonly run: string | null;
  readonly attempts: number;
  /** Null: it was given up. */
  readonly next_attempt_at: string | null;
  readonly error: string | null;
}
