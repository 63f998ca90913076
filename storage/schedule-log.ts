import type { RunAlerts } from '../contracts/alert-finding.ts';
import type { CachePolicy } from '../contracts/cache-policy.ts';
import type { Digest } from '../contracts/digest.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { Overrides } from '../contracts/overrides.ts';
import type { NotificationKind, OverlapPolicy } from '../contracts/schedules.ts';

/** Everything about a schedule: Temporal's part of it can be made from this again. */
export type ScheduleDefinition = {
  readonly timing: { readonly cron: string } | { readonly everyMs: number };
  /** IANA name, in which a cron expression is read. */
  readonly timezone: string;
  readonly jitterMs: number;
  readonly overlap: OverlapPolicy;
  /** A firing that was due longer ago, while nothing ran, is missed. */
  readonly catchUpMs: number;
  readonly isPaused: boolean;
  readonly evaluationKey: string;
  /** The plan that it runs; of one that tracks its file the plan when it was added, by which nothing runs. */
  readonly planDigest: Digest;
  readonly policy: CachePolicy;
  /** How the file is read anew at each firing; null where the plan runs as it was. */
  readonly tracks: { readonly overrides: Overrides } | null;
  /** Absolute path of the run file, whose `.env` the worker reads; null for a run config from the library. */
  readonly file: string | null;
  readonly origin: JsonObject;
  readonly alerts: readonly string[];
  readonly notify: NotifyTarget | null;
  /** Missed firings that Temporal has counted and that were reported. */
  readonly missed: number;
  /** The last firing that could not begin a run, such as one whose file was broken. */
  readonly lastFailure: FailedFiring | null;
};

export type FailedFiring = {
  /** The id that its run would have had. */
  readonly runId: string;
  readonly scheduledAt: string;
  readonly error: { readonly code: string; readonly message: string };
};

/** Where notifications go. Neither part holds a secret: each may name the environment variable that does. */
export type NotifyTarget = {
  /** An address, or `$VARIABLE` for one that is secret itself. */
  readonly url: string;
  /** Environment variable of the key that signs. */
  readonly secretVariable: string;
};

export interface ScheduleRecord {
  readonly name: string;
  readonly definition: ScheduleDefinition;
  /** Blob of the plan; garbage collection keeps it and what it refers to as long as the schedule is there. */
  readonly plan: Digest;
  /** `previous`, `first` or the id of a run, which garbage collection keeps as well; null without alerts. */
  readonly baseline: string | null;
  readonly createdAt: string;
}

export interface NewNotification {
  /** Made from what it tells of, so that the same is told once. */
  readonly notificationId: string;
  readonly scheduleName: string;
  readonly runId: string | null;
  /** `none`: the run ended, and there is nothing to tell; so that it is looked at once. */
  readonly kind: NotificationKind | 'none';
  readonly url: string;
  /** JSON. */
  readonly body: string;
}

/** The end of one attempt of a run is told once. */
export function makeRunNotificationId(runId: string, attempt: number): string {
  return `${runId}/${attempt}`;
}

export interface NotificationRecord extends NewNotification {
  /** Deliveries tried, this one included. */
  readonly attempts: number;
  /** ISO 8601; null once it is delivered or given up. */
  readonly nextAttemptAt: string | null;
  /** Why the last delivery failed. */
  readonly error: string | null;
}

/** Schedules, what their runs were found to be, and what has to be told of them. Every method is one transaction. */
export interface ScheduleLog {
  /** @throws {EvaluationError} `schedule-exists`. */
  create(schedule: Omit<ScheduleRecord, 'createdAt'>): Promise<void>;
  find(name: string): Promise<ScheduleRecord | undefined>;
  /** @throws {EvaluationError} `schedule-not-found`, naming the nearest. */
  get(name: string): Promise<ScheduleRecord>;
  /** By name. */
  list(): Promise<readonly ScheduleRecord[]>;
  setPaused(name: string, isPaused: boolean): Promise<void>;
  /**
   * Takes a count of missed firings for reported. False where it was reported already, or is lower than that, since
   * Temporal counts from 0 again in a new database.
   */
  recordMissed(name: string, missed: number): Promise<boolean>;
  recordFailedFiring(name: string, failure: FailedFiring): Promise<void>;
  /** With its notifications; its runs stay. False where there is none. */
  remove(name: string): Promise<boolean>;
  /** Ids of its runs, newest first. */
  listRuns(name: string, options: { readonly limit: number }): Promise<readonly string[]>;
  /**
   * Ids of completed runs before a run that it can be compared with, at most 50: of the same schedule, or, for a run that
   * none began, of the same evaluation.
   */
  listEarlierRuns(runId: string, from: 'newest' | 'oldest'): Promise<readonly string[]>;
  /** Keeps the alerts of a run with what they found. */
  recordAlerts(runId: string, alerts: RunAlerts): Promise<void>;
  /** Ids of ended runs of a schedule that no notification, also none of kind `none`, was made for in their attempt. */
  listUnannounced(name: string): Promise<readonly string[]>;
  /** Keeps a notification until it is delivered; one whose id is there already is not kept twice. */
  announce(notification: NewNotification): Promise<void>;
  /** Takes notifications that are due, for this caller alone until `until`, after which another may take them. */
  takeDue(now: string, until: string): Promise<readonly NotificationRecord[]>;
  recordDelivered(notificationId: string): Promise<void>;
  /** @param nextAttemptAt - Null: it is given up. */
  recordUndelivered(notificationId: string, error: string, nextAttemptAt: string | null): Promise<void>;
  /** Those that are not delivered, or were given up. */
  listUndelivered(name: string): Promise<readonly NotificationRecord[]>;
}
