import type { MetricAccumulator } from './metric-kind.ts';
import { emptyReason, makeOutcome, type NumberOrReason } from './named-values.ts';
import { NumberReader } from './number-reading.ts';
import { readField } from './read-field.ts';

/** Aggregates numbers as they come; asked for its value only after at least one. */
export interface NumberAggregate {
  add(value: number, times: number): void;
  finish(): NumberOrReason;
}

/** A metric with one value over one numeric field: `mean`, `min`, `max`, `std_dev`. */
export function createFieldAccumulator(field: string, name: string, aggregate: NumberAggregate): MetricAccumulator {
  const reader = new NumberReader();
  let samples = 0;
  let missing = 0;
  return {
    add(values, sampleId, times = 1) {
      samples += times;
      const value = readField(values, field);
      if (value === undefined) {
        missing += times;
        return;
      }
      const number = reader.read(value, sampleId);
      if (number !== undefined) aggregate.add(number, times);
    },
    finish() {
      return makeOutcome([[name, finishValue()]], { num_missing: missing });
    },
  };

  function finishValue(): NumberOrReason {
    if (reader.defect !== undefined) return { reason: reader.defect };
    return samples === missing ? emptyReason(samples) : aggregate.finish();
  }
}
