import type { JsonValue } from '../../contracts/json.ts';
import type { Status } from '../../contracts/status.ts';
import type { ComparisonMethod, IntervalMethod } from '../../evaluation/compare/metric-difference.ts';
import type { UsageDocument } from '../../evaluation/usage/usage-document.ts';

export interface DiffOptions {
  /** Two-sided level of the intervals, above 0.5 and below 1 (0.95). */
  readonly confidence?: number;
  /**
   * Conditions such as `accuracy < 0.7`, about the second result, or signed, about the difference, `accuracy < -0.02`; see
   * {@link GateDocument}. A metric that cannot be judged counts like one that is beyond.
   */
  readonly failIf?: readonly string[];
  /** So many ids are listed of each kind of samples (20); counts are of all. */
  readonly samples?: number;
}

export interface DiffByOptions extends DiffOptions {
  /**
   * `model`, or a parameter of the task: task specifications of the run that differ in nothing else are compared, each with
   * the first of them.
   */
  readonly by: string;
}

/** Two runs, or specifications of one run, side by side; what `stet diff --json` prints. Differences are second − first. */
export interface DiffDocument {
  readonly first: DiffRunDocument;
  readonly second: DiffRunDocument;
  /** What the specifications of one run differ in; null for two runs. */
  readonly by: string | null;
  readonly confidence: number;
  /** How p-values are corrected for being several, and how many they are. */
  readonly correction: { readonly method: 'holm'; readonly comparisons: number };
  readonly tasks: readonly TaskDiffDocument[];
  /** Keys of task specifications that nothing is compared with. */
  readonly only_in_first: readonly string[];
  readonly only_in_second: readonly string[];
  readonly gates: readonly GateDocument[];
}

export interface DiffRunDocument {
  readonly run: string;
  readonly evaluation: string;
  readonly label: string | null;
  readonly status: Status;
  readonly started_at: string;
}

/** Two task results side by side. */
export interface TaskDiffDocument {
  readonly first: DiffSideDocument;
  readonly second: DiffSideDocument;
  readonly samples: {
    readonly in_both: number;
    readonly only_in_first: SampleListDocument;
    readonly only_in_second: SampleListDocument;
    /** Whether differences are between scores of the same samples. */
    readonly are_paired: boolean;
    /** Why they are not. */
    readonly reason: string | null;
  };
  readonly metrics: readonly MetricDiffDocument[];
  /** Samples whose verdict turned round, per scorer and verdict; those without any are left out. */
  readonly flips: readonly FlipsDocument[];
  readonly errors: {
    /** Samples with an error that they did not have in the first. */
    readonly new: SampleListDocument;
    readonly gone: SampleListDocument;
  };
  /** Fields of what was executed and how it was judged. */
  readonly changes: readonly ChangeDocument[];
  /** What to keep in mind, for people. */
  readonly notes: readonly string[];
}

export interface DiffSideDocument {
  readonly run: string;
  readonly task: string;
  readonly task_result: string;
  /** Key of the evaluated model. */
  readonly model: string | null;
  /** Of the parameter that the specifications differ in; null for two runs. */
  readonly value: JsonValue;
  readonly status: Status;
  readonly samples: { readonly total: number; readonly errors: number; readonly excluded_from_metrics: number };
  /** One entry per model and purpose. */
  readonly usage: readonly UsageDocument[];
}

export interface SampleListDocument {
  readonly count: number;
  /** The first of them, by id. */
  readonly samples: readonly string[];
}

/** One value of a metric on both sides. */
export interface MetricDiffDocument {
  readonly metric: string;
  /** Null where there is none; `reason` says why. */
  readonly first: number | null;
  readonly second: number | null;
  /** Over the samples that are compared; null where there is no comparison that holds, with its `reason`. */
  readonly difference: number | null;
  readonly interval: readonly [lower: number, upper: number] | null;
  /** Of this comparison alone, and corrected for all in this document. */
  readonly p_value: number | null;
  readonly p_adjusted: number | null;
  /** Whether the corrected p-value is below 1 − confidence. */
  readonly is_beyond_noise: boolean | null;
  readonly method: ComparisonMethod | null;
  readonly interval_method: IntervalMethod | null;
  /** Draws of the bootstrap; null for methods without. */
  readonly resamples: number | null;
  /** Samples that are compared, of either side; the same ones where they are paired. */
  readonly samples: readonly [first: number, second: number] | null;
  readonly reason: string | null;
}

export interface FlipsDocument {
  readonly scorer: string;
  readonly score: string;
  readonly to_right: SampleListDocument;
  readonly to_wrong: SampleListDocument;
}

export interface ChangeDocument {
  readonly component: string;
  /** JSON pointer within the component. */
  readonly path: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
  readonly sentence: string;
}

/**
 * What became of one condition of `--fail-if`, in one task. Unsigned it is about the second value. Signed it is about the
 * difference and fails where that is beyond the threshold *and* its interval lies wholly on that side of zero, as for
 * alerts. The interval is not corrected for several comparisons: a condition was chosen beforehand.
 */
export interface GateDocument {
  readonly condition: string;
  /** Key of the second task specification; null where no task has the metric. */
  readonly task: string | null;
  readonly metric: string;
  readonly verdict: 'passed' | 'failed' | 'unjudged';
  readonly sentence: string;
}
