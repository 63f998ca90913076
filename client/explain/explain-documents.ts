import type { CachePolicy, Verdict } from '../../contracts/cache-policy.ts';
import type { Digest } from '../../contracts/digest.ts';
import type { Status } from '../../contracts/status.ts';
import type { AnswerOrigin } from '../../evaluation/model-io.ts';
import type { ReuseReason } from '../run-document.ts';

/** Where every piece of a run came from. */
export interface ExplainDocument {
  readonly run: string;
  readonly evaluation: string;
  readonly label: string | null;
  readonly status: Status;
  readonly attempt: number;
  readonly cache_policy: CachePolicy;
  readonly plan_digest: Digest;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly user: string | null;
  readonly host: string | null;
  readonly schedule: string | null;
  /** The completed run whose failed samples it tried again. */
  readonly mends: string | null;
  readonly tasks: readonly ExplainTaskDocument[];
}

export interface ExplainTaskDocument {
  readonly key: string;
  readonly task_key: string;
  readonly task_result: string;
  readonly status: Status;
  readonly reuse: Verdict | null;
  readonly samples: { readonly total: number; readonly errors: number };
  readonly result_digest: Digest | null;
  /** Why work was needed, as it was recorded when that was decided; empty on full reuse. */
  readonly why: readonly ReuseReason[] | null;
  /** This result, then the one that it stands on, then the one that that stands on, and so on. */
  readonly steps: readonly ExplainStepDocument[];
  /** Present where a sample was asked for. */
  readonly sample?: ExplainSampleDocument;
}

/** What a result did itself, and what it took over from the next. */
export const contributions = ['everything', 'scores', 'retries', 'nothing'] as const;
/**
 * `everything`: it solved and scored. `scores`: it scored, on solver outputs of the next. `retries`: it tried the failed
 * samples of the next again. `nothing`: all of the next stands, or it has not decided yet.
 */
export type Contribution = (typeof contributions)[number];

export interface ExplainStepDocument {
  readonly task_result: string;
  /** False where it is not in the store any more; then nothing but its id is known. */
  readonly is_known: boolean;
  readonly contribution: Contribution | null;
  readonly run: string | null;
  readonly label: string | null;
  /** Key of the task specification there. */
  readonly task: string | null;
  readonly status: Status | null;
  readonly cache_policy: CachePolicy | null;
  readonly attempt: number | null;
  readonly solver_key: Digest | null;
  readonly result_key: Digest | null;
  readonly result_digest: Digest | null;
  readonly solved_at: string | null;
  readonly ended_at: string | null;
  readonly user: string | null;
  readonly host: string | null;
  /** Whether a look-up by result key finds it, and whether it was taken out of reuse. */
  readonly is_current: boolean;
  readonly is_removed: boolean;
  /** In which fields the next is other than this one. */
  readonly differences: readonly ReuseReason[];
}

/** Where the recorded outcome of one sample came from. */
export interface ExplainSampleDocument {
  readonly sample_id: string;
  readonly sample_index: number;
  readonly segment_index: number;
  readonly stages: readonly ExplainStageDocument[];
}

export interface ExplainStageDocument {
  readonly stage: 'solve' | 'score';
  /** The result of `steps` that made it, and its run; null while there is none. */
  readonly task_result: string | null;
  readonly run: string | null;
  /** Attempt in which it was made. */
  readonly attempt: number | null;
  /** Blob of the sealed segment; null where it lies in the journal. */
  readonly blob: Digest | null;
  readonly answers: readonly ExplainAnswerDocument[];
  readonly errors: readonly { readonly error_type: string; readonly message: string }[];
}

/** One answer, and how it came about. */
export interface ExplainAnswerDocument {
  readonly trial: number;
  /** Key of the scorer that asked; null for the solver. */
  readonly scorer: string | null;
  readonly model: string;
  readonly request_digest: string;
  readonly request_id: string | null;
  readonly served_model: string | null;
  readonly answered_at: string;
  /** How often it was sent again before. */
  readonly retried: number;
  /** The answer of another result that stands here (`reuse.answers`); null where it was asked for. */
  readonly origin: AnswerOrigin | null;
}

/** In which fields a run file is other than a run. */
export interface AgainstDocument {
  readonly run: string;
  readonly label: string | null;
  readonly started_at: string;
  readonly evaluation: string;
  readonly plan_digest: Digest;
  /** Whether it is the same work: equal result keys and policy. */
  readonly is_same: boolean;
  readonly cache_policy: { readonly before: CachePolicy; readonly after: CachePolicy };
  readonly tasks: readonly AgainstTaskDocument[];
  /** Specifications of the run that the file does not have. */
  readonly gone: readonly string[];
}

export interface AgainstTaskDocument {
  readonly key: string;
  /** The specification of the run that it is compared with: of the same key, else the nearest; null where there is none. */
  readonly against: string | null;
  readonly is_same_solver_key: boolean;
  readonly is_same_result_key: boolean;
  readonly differences: readonly ReuseReason[];
}
