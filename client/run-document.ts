import type { AlertFinding } from '../contracts/alert-finding.ts';
import type { CachePolicy, Verdict } from '../contracts/cache-policy.ts';
import type { Digest } from '../contracts/digest.ts';
import type { JsonValue } from '../contracts/json.ts';
import type { Status } from '../contracts/status.ts';
import type { LimitsDocument, LimitUse } from '../evaluation/limits/describe-limits.ts';
import type { UsageDocument, UsageTotals } from '../evaluation/usage/usage-document.ts';
import type {
  HolderDocument,
  PlannedTotalsDocument,
  PlannedUsageDocument,
  SourceDocument,
} from './plan/plan-usage-document.ts';

export type { LimitsDocument, LimitUse };

/** Counts of model queries; `retried` are apart from `sent`, `saved` is what reuse made unnecessary. */
export interface QueryCounts {
  readonly sent: number;
  readonly retried: number;
  readonly saved: number;
}

/** Why a task had to work: one difference to the nearest earlier result of the same task key (design 5). */
export interface ReuseReason {
  readonly category: 'field' | 'policy' | 'status' | 'errors' | 'age' | 'damaged' | 'schema';
  /** Part of the fingerprint, such as `scorers`, `model`, `dataset`. */
  readonly component?: string;
  /** JSON pointer within the component. */
  readonly path?: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
  readonly sentence: string;
}

/** One task result, as `run --json`, `resume --json`, `show RUN --json` and `plan --json` print it. */
export interface TaskDocument {
  readonly key: string;
  readonly task_key: string;
  readonly task_result: string;
  readonly status: Status;
  readonly reuse: Verdict | null;
  readonly reused_from: string | null;
  /** Run of `reused_from`. */
  readonly reused_from_run?: string | null;
  /** When what stands was computed; ISO 8601, null where nothing stands. */
  readonly reused_at: string | null;
  readonly samples: { readonly total: number; readonly errors: number; readonly excluded_from_metrics: number };
  readonly model_queries: QueryCounts;
  /** Single answers of other results that stood instead of a query (`reuse.answers`); in none of `model_queries`. */
  readonly answers_stood?: number;
  /** What its queries came to, by model and purpose. */
  readonly usage?: readonly UsageDocument[];
  /** Of what was sent, all models together. */
  readonly tokens?: UsageTotals['tokens'];
  /** The same: millionths of a US dollar, an exact decimal as text; null where a model that was asked has no price. */
  readonly cost_micros?: string | null;
  /** Flat names (format 10) → value; null values have their reason in `metric_reasons`. Partial where the task failed for its errors. */
  readonly metrics: Readonly<Record<string, number | null>> | null;
  readonly metric_reasons: Readonly<Record<string, string>>;
  readonly metrics_are_partial: boolean;
  readonly result_digest: Digest | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string } | null;
  readonly warnings: readonly string[];
  /** Empty only on full reuse; null when there is nothing to compare with. */
  readonly why: readonly ReuseReason[] | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

/** One run; the document that the design fixes, with further fields. */
export interface RunDocument {
  readonly run: string;
  readonly evaluation: string;
  readonly label: string | null;
  readonly status: Status;
  readonly attempt: number;
  readonly cache_policy: CachePolicy;
  readonly started_at: string;
  readonly ended_at: string | null;
  /** Since when nothing new is sent for it; null where it is not paused, and once it has ended. */
  readonly paused_at?: string | null;
  readonly duration_ms: number;
  readonly model_queries: QueryCounts;
  /** Single answers of other results that stood instead of a query (`reuse.answers`); in none of `model_queries`. */
  readonly answers_stood?: number;
  /** As in its task results, added up. */
  readonly usage?: readonly UsageDocument[];
  readonly tokens?: UsageTotals['tokens'];
  readonly cost_micros?: string | null;
  readonly tasks: readonly TaskDocument[];
  /** What was spent of which limit, over all attempts; null where nothing is limited. */
  readonly limits?: LimitsDocument | null;
  readonly origin: JsonValue;
  /** The completed run whose failed samples this one tries again. */
  readonly mends?: string | null;
  /** What its alerts found; null before they have been judged, and for a run without alerts. */
  readonly alerts?: readonly AlertFinding[] | null;
  /** The schedule that began it, and the moment it was due; null for one that somebody began. */
  readonly schedule?: string | null;
  readonly scheduled_at?: string | null;
}

/** What `plan` found; sends and changes nothing. `model_queries.sent` is what would be sent, judges' re-asks apart. */
export interface PlanDocument {
  readonly evaluation: string;
  readonly cache_policy: CachePolicy;
  readonly plan_digest: Digest;
  readonly model_queries: QueryCounts;
  /** Single answers of other results that stood instead of a query (`reuse.answers`); in none of `model_queries`. */
  readonly answers_stood?: number;
  /** What these queries are expected to take; their tokens and costs are estimates. */
  readonly expected: {
    readonly sent: PlannedTotalsDocument;
    readonly stood: PlannedTotalsDocument;
    readonly saved: PlannedTotalsDocument;
  };
  readonly tasks: readonly PlanTaskDocument[];
  readonly warnings: readonly string[];
}

export interface PlanTaskDocument {
  readonly key: string;
  readonly task_key: string;
  readonly solver_key: Digest;
  readonly result_key: Digest;
  /** Key of the evaluated model; null where the solver asks none. */
  readonly model?: string | null;
  readonly reuse: Verdict;
  readonly reused_from: string | null;
  /** Run of `reused_from`. */
  readonly reused_from_run?: string | null;
  readonly reused_at: string | null;
  /** Who computed what stands, and when; null where nothing does. */
  readonly source?: SourceDocument | null;
  /** Key of the earlier specification of this plan that it shares its outcome, or its solver outputs, with. */
  readonly shares_with?: string | null;
  /** The open run that computes the same; null where there is none. */
  readonly waits_for?: HolderDocument | null;
  readonly samples: { readonly total: number };
  readonly trials: number;
  readonly model_queries: QueryCounts;
  /** Single answers of other results that stood instead of a query (`reuse.answers`); in none of `model_queries`. */
  readonly answers_stood?: number;
  /** By model and purpose; tokens and costs are estimates. */
  readonly usage?: readonly PlannedUsageDocument[];
  readonly why: readonly ReuseReason[] | null;
  /** The earlier result that `why` is about; null where there is none. */
  readonly compared_with?: SourceDocument | null;
  readonly warnings: readonly string[];
}

/** One line of `list`, newest first. */
export interface RunSummaryDocument {
  readonly run: string;
  readonly evaluation: string;
  readonly label: string | null;
  readonly status: Status;
  readonly cache_policy: CachePolicy;
  readonly started_at: string;
  readonly ended_at: string | null;
  /** As in the document of the run. */
  readonly paused_at?: string | null;
  readonly tasks: number;
  readonly model_queries: QueryCounts;
  /** As in the document of the run. */
  readonly tokens?: UsageTotals['tokens'];
  readonly cost_micros?: string | null;
  /** As in the document of the run. */
  readonly alerts?: readonly AlertFinding[] | null;
  readonly schedule?: string | null;
  /** Whether a live process works on it; a run that is not final and has no owner waits to be taken up. */
  readonly has_owner: boolean;
  /** Whether its work is offered to all workers of the store: then it has no owner, and needs none. */
  readonly on_workers?: boolean;
}
