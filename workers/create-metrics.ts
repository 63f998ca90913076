import type { MetricMeter, MetricTags } from '@temporalio/common';
import type { Telemetry } from '../contracts/telemetry.ts';
import { type StetMetricName, stetMetrics } from './stet-metrics.ts';

/** Every value of a label is a series that is kept for ever; models beyond these share one. */
const maxModels = 100;
const otherModels = 'other';

type Record = (value: number, tags?: MetricTags) => void;

/** Counts what goes on, on the meter of Temporal's SDK: one endpoint shows both. */
export function createMetrics(meter: MetricMeter): Telemetry {
  const record = Object.fromEntries(
    Object.entries(stetMetrics).map(([name, metric]) => [name, makeRecord(meter, name, metric)]),
  ) as { readonly [Name in StetMetricName]: Record };
  const models = new Set<string>();
  const gauges = new Map<string, number>();

  const labelOf = (model: string): { readonly model: string } => {
    if (models.size < maxModels) models.add(model);
    return { model: models.has(model) ? model : otherModels };
  };
  /** The SDK's gauges are set; several runs of one process change the same. */
  const change = (name: 'stet_queries_in_flight' | 'stet_models_held', model: string, by: number): void => {
    const tags = labelOf(model);
    const key = `${name} ${tags.model}`;
    const value = (gauges.get(key) ?? 0) + by;
    gauges.set(key, value);
    record[name](value, tags);
  };

  return {
    querySent({ model, attempt }) {
      const tags = labelOf(model);
      const sentAt = performance.now();
      record[attempt === 0 ? 'stet_queries_sent_total' : 'stet_queries_retried_total'](1, tags);
      change('stet_queries_in_flight', model, 1);
      const ended = (): void => {
        change('stet_queries_in_flight', model, -1);
        record.stet_query_seconds((performance.now() - sentAt) / 1_000, tags);
      };
      return {
        answered({ inputTokens, outputTokens }) {
          ended();
          if (inputTokens !== undefined) record.stet_tokens_total(inputTokens, { ...tags, direction: 'input' });
          if (outputTokens !== undefined) record.stet_tokens_total(outputTokens, { ...tags, direction: 'output' });
        },
        failed({ type }) {
          ended();
          record.stet_queries_failed_total(1, { ...tags, type });
        },
      };
    },
    queryWaited(model, waitedMs) {
      record.stet_query_wait_seconds(waitedMs / 1_000, labelOf(model));
    },
    modelHeld(model, isHeld) {
      if (isHeld) record.stet_outages_total(1, labelOf(model));
      change('stet_models_held', model, isHeld ? 1 : -1);
    },
    reuseDecided(verdict) {
      record.stet_reuse_total(1, { verdict });
    },
    answerStood(model) {
      record.stet_answers_stood_total(1, labelOf(model));
    },
    sampleEnded(stage, hasFailed) {
      record.stet_samples_total(1, { stage, outcome: hasFailed ? 'error' : 'ok' });
    },
    journalCommitted(tookMs) {
      record.stet_journal_commit_seconds(tookMs / 1_000);
    },
    inSegment: (_segment, work) => work(),
  };
}

function makeRecord(
  meter: MetricMeter,
  name: string,
  { kind, description }: (typeof stetMetrics)[StetMetricName],
): Record {
  switch (kind) {
    case 'counter': {
      const counter = meter.createCounter(name, undefined, description);
      return (value, tags) => counter.add(value, tags);
    }
    case 'gauge': {
      const gauge = meter.createGauge(name, 'int', undefined, description);
      return (value, tags) => gauge.set(value, tags);
    }
    case 'histogram': {
      const histogram = meter.createHistogram(name, 'float', undefined, description);
      return (value, tags) => histogram.record(value, tags);
    }
  }
}
