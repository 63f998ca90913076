import type { Digest } from '../contracts/digest.ts';
import type { JsonObject } from '../contracts/json.ts';
import { createDigester, digestJson } from './fingerprint/digest.ts';
import type { MetricResult } from './metric-value.ts';
import type { ScoredSample } from './score.ts';
import { stripProviderIds } from './solvers/strip-provider-ids.ts';
import type { SampleError, SolvedSample } from './trace.ts';

/**
 * Digest of what one sample came to: id, and per trial the trace without provider-made ids and the scores with metadata;
 * action records; errors as stage, type and scorer. Not in it: raw outputs, usage, times, retries, messages.
 */
export function digestSample(solved: SolvedSample, scored: ScoredSample): Digest {
  return digestJson('stet-sample-result', {
    sample_id: solved.sample_id,
    trials: solved.trials.map(({ trial, output }) => ({
      trial,
      trace: output === null ? null : stripProviderIds(output.trace),
      scores: scored.trials
        .filter((score) => score.trial === trial)
        .map(({ scorer_key, score }) => ({
          scorer_key,
          ...(score === null ? {} : { values: score.values, metadata: score.metadata }),
        })),
    })),
    scores: scored.scores,
    action_records: scored.action_records,
    errors: scored.errors.map(describeError),
  });
}

function describeError({ stage, error_type, scorer_key }: SampleError): JsonObject {
  return { stage, error_type, ...(scorer_key === undefined ? {} : { scorer_key }) };
}

/**
 * `result_digest` of a task result: over the digests of its samples in dataset order, then its metrics. Segmentation
 * leaves no trace in it, and samples may be digested wherever they are at hand.
 */
export function createResultDigest(): { add(sample: Digest): void; finish(metrics: readonly MetricResult[]): Digest } {
  const digester = createDigester();
  digester.update('stet-result-1\n');
  return {
    add: (sample) => digester.update(`${sample}\n`),
    finish: (metrics) => {
      digester.update(digestJson('stet-metrics', metrics));
      return digester.digest();
    },
  };
}
