import type { Purpose } from '../../evaluation/usage/usage.ts';

/** What so many queries are expected to take. */
export interface PlannedAmountDocument {
  /** Without retries, and without a judge's further questions. */
  readonly queries: number;
  /** Cached ones included; null where nothing is known. */
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly cached_prompt_tokens: number | null;
  /** Millionths of a US dollar, an exact decimal as text; null where nothing is known. */
  readonly cost_micros: string | null;
}

/** What one model is expected to be asked for one purpose. */
export interface PlannedUsageDocument {
  readonly model: string;
  readonly purpose: Purpose;
  /** What a run would send now. */
  readonly sent: PlannedAmountDocument;
  /** Single answers that stand in the place of what would be sent (`reuse.answers`). */
  readonly stood: PlannedAmountDocument;
  /** What full and partial reuse make unnecessary. */
  readonly saved: PlannedAmountDocument;
  /** What the estimate is made from; null where there is none. */
  readonly basis: UsageBasisDocument | null;
  /** Why tokens or cost cannot be estimated; null where both can. */
  readonly no_estimate: string | null;
}

/** An earlier result whose answers took what these are expected to take. */
export interface UsageBasisDocument {
  readonly run: string;
  readonly task_result: string;
  /** Key of its task. */
  readonly task_key: string;
  /** Answers that it is the mean of. */
  readonly queries: number;
}

/** Everything together. Where some of it cannot be estimated, the sum of the rest, which is not complete. */
export interface PlannedTotalsDocument {
  readonly queries: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly cached_prompt_tokens: number;
  readonly cost_micros: string;
  readonly has_all_tokens: boolean;
  readonly has_all_costs: boolean;
}

/** The run that what stands was computed in, or that it is waited for. */
export interface SourceDocument {
  readonly run: string;
  readonly label: string | null;
  /** Key of the task specification there. */
  readonly task: string;
  readonly task_result: string;
  readonly status: string;
  /** When it ended, or for partial reuse when its solver outputs were there; ISO 8601. */
  readonly at: string | null;
  /** Who began that run, as far as it was recorded. */
  readonly user: string | null;
  readonly host: string | null;
  readonly schedule: string | null;
}

/** An open run that computes what a task wants. */
export interface HolderDocument extends Omit<SourceDocument, 'at'> {
  /** Whether everything will stand, or only the solver outputs. */
  readonly stands: 'all' | 'outputs';
  readonly stage: 'solve' | 'score';
  /** Samples done of this stage. */
  readonly done: number;
  readonly total: number;
  /** Whether somebody works on it; where nobody does, the run takes it up and does the rest. */
  readonly has_owner: boolean;
}
