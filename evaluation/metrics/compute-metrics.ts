import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { MetricResult } from '../metric-value.ts';
import type { CompleteDefinition, CompleteMetric, CompleteScorer } from '../plan.ts';
import type { Score, ScoredSample } from '../score.ts';
import { getMetricKind } from './index.ts';
import { listFields } from './list-fields.ts';
import type { MetricAccumulator } from './metric-kind.ts';

/** A metric that raised: the task result fails at stage `metric`, and the other metrics are still there. */
export interface MetricFailure {
  readonly metric_key: string;
  readonly scorer_key: string;
  readonly message: string;
  readonly hint?: string;
}

export interface ComputedMetrics {
  readonly metrics: readonly MetricResult[];
  readonly failures: readonly MetricFailure[];
  /** Metrics whose fields no sample has, with the fields that there are. */
  readonly warnings: readonly string[];
  readonly num_excluded_from_metrics: number;
}

export interface MetricsComputer {
  /** Takes the samples of a task result one by one, in dataset order. */
  add(scored: ScoredSample): void;
  finish(): ComputedMetrics;
}

/**
 * All metrics of a task result in one pass, without keeping samples.
 *
 * A sample whose solver or action rules failed, and one that a rule excludes, is left out of every metric; one with a
 * score error only out of the metrics of that scorer.
 */
export function createMetricsComputer(definition: CompleteDefinition): MetricsComputer {
  const scorers = definition.scorers.map(createScorerMetrics);
  let excluded = 0;
  return {
    add(scored) {
      if (scored.action_records.some(({ action }) => action === 'exclude_from_metrics')) excluded += 1;
      if (!countsInMetrics(scored)) return;
      for (const scorer of scorers) {
        if (!Object.hasOwn(scored.scores, scorer.key)) continue;
        const score = scored.scores[scorer.key];
        if (score !== undefined) scorer.add(score, scored.sample_id);
      }
    },
    finish() {
      const computed = scorers.map((scorer) => scorer.finish());
      return {
        metrics: computed.flatMap(({ metrics }) => metrics),
        failures: computed.flatMap(({ failures }) => failures),
        warnings: computed.flatMap(({ warnings }) => warnings),
        num_excluded_from_metrics: excluded,
      };
    },
  };
}

/** Whether a sample counts in the metrics of those scorers that have a score of it. */
export function countsInMetrics({ action_records, errors }: ScoredSample): boolean {
  return action_records.length === 0 && errors.every(({ stage }) => stage === 'score');
}

interface MetricState {
  readonly spec: CompleteMetric;
  readonly accumulator: MetricAccumulator;
  failure?: MetricFailure;
}

function createScorerMetrics(scorer: CompleteScorer) {
  const states: MetricState[] = scorer.metrics.map((spec) => ({
    spec,
    accumulator: getMetricKind(spec.type).create(spec),
  }));
  const fields = new Set<string>();
  let samples = 0;

  return { key: scorer.key, add, finish };

  function add(score: Score, sampleId: string): void {
    samples += 1;
    for (const field of Object.keys(score.values)) fields.add(field);
    for (const state of states) {
      if (state.failure !== undefined) continue;
      try {
        state.accumulator.add(score.values, sampleId);
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
        state.failure = {
          metric_key: state.spec.key,
          scorer_key: scorer.key,
          message: error.message,
          ...(error.hint === undefined ? {} : { hint: error.hint }),
        };
      }
    }
  }

  function finish() {
    const metrics: MetricResult[] = [];
    const warnings: string[] = [];
    for (const { spec, accumulator, failure } of states) {
      if (failure !== undefined) continue;
      const outcome = accumulator.finish();
      metrics.push({
        metric_key: spec.key,
        metric_type: spec.type,
        scorer_key: scorer.key,
        scorer_purpose: scorer.purpose,
        ...outcome,
      });
      if (samples > 0 && outcome.num_missing === samples) warnings.push(describeMissing(spec));
    }
    return { metrics, failures: states.flatMap(({ failure }) => failure ?? []), warnings };
  }

  function describeMissing(spec: CompleteMetric): string {
    const present = [...fields].join(', ');
    return `Metric ${spec.key} of scorer ${scorer.key}: no sample has a value for ${listFields(spec).join(', ')}; there are ${present === '' ? 'none' : present}.`;
  }
}
