/** A metric as `--metrics` shows it beside Temporal's own; docs/monitoring.md has them all, which a test compares. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** What its values mean. */
  readonly description: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export const stetMetrics = {
  stet_queries_sent_total: { kind: 'counter', labels: ['model'], description: 'Queries sent, retries apart.' },
  stet_queries_retried_total: { kind: 'counter', labels: ['model'], description: 'Sends of a query after its first.' },
  stet_queries_failed_total: {
    kind: 'counter',
    labels: ['model', 'type'],
    description: 'Sends that brought no answer, by what went wrong.',
  },
  stet_queries_in_flight: { kind: 'gauge', labels: ['model'], description: 'Queries sent and not answered yet.' },
  stet_query_seconds: {
    kind: 'histogram',
    labels: ['model'],
    description: 'From a send to its answer or failure.',
    buckets: seconds,
  },
  stet_query_wait_seconds: {
    kind: 'histogram',
    labels: ['model'],
    description: 'How long a query waited for limits, or for a model that is held, before it was sent.',
    buckets: seconds,
  },
  stet_tokens_total: {
    kind: 'counter',
    labels: ['model', 'direction'],
    description: 'Tokens as the service counts them, by direction: input or output.',
  },
  stet_models_held: { kind: 'gauge', labels: ['model'], description: 'Models held now because they do not answer.' },
  stet_outages_total: { kind: 'counter', labels: ['model'], description: 'Times that a model was held.' },
  stet_reuse_total: {
    kind: 'counter',
    labels: ['verdict'],
    description: 'Task results by what their cache check found: full, partial or none.',
  },
  stet_answers_stood_total: {
    kind: 'counter',
    labels: ['model'],
    description: 'Single answers of other results that stood in place of a query.',
  },
  stet_samples_total: {
    kind: 'counter',
    labels: ['stage', 'outcome'],
    description: 'Samples solved and scored, by outcome: ok or error.',
  },
  stet_journal_commit_seconds: {
    kind: 'histogram',
    labels: [],
    description: 'How long an answer or an outcome took to be on disk.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type StetMetricName = keyof typeof stetMetrics;

/** As the SDK wants the buckets of histograms. */
export function listHistogramBuckets(): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(stetMetrics).flatMap(([name, metric]) => ('buckets' in metric ? [[name, [...metric.buckets]]] : [])),
  );
}
