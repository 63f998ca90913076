import type { AlertFinding } from '../../contracts/alert-finding.ts';
import type { NotificationKind } from '../../contracts/schedules.ts';
import type { Status } from '../../contracts/status.ts';

/** What a webhook is told: names, counts, metrics and codes; never a prompt, an answer, or the text of an error. */
export interface NotificationBody {
  readonly type: NotificationKind;
  readonly schedule: string;
  readonly evaluation: string;
  /** When what it tells of happened, ISO 8601. */
  readonly timestamp: string;
  /** Null where there is none: of missed firings, and of one that could not begin. */
  readonly run: {
    readonly run: string;
    readonly status: Status;
    readonly scheduled_at: string | null;
    readonly started_at: string;
    readonly ended_at: string | null;
    readonly tasks: readonly {
      readonly key: string;
      readonly status: Status;
      readonly error_code: string | null;
      readonly samples: { readonly total: number; readonly errors: number };
      readonly metrics: Readonly<Record<string, number | null>> | null;
    }[];
  } | null;
  readonly alerts: readonly AlertFinding[];
  /** Code of what kept a firing from beginning. */
  readonly error_code: string | null;
  /** All firings of this schedule that were missed so far. */
  readonly missed: number | null;
}
