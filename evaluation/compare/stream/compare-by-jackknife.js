import { EvaluationError } from '../../../contracts/evaluation-error.js';
import { getMetricKind } from '../../metrics/index.js';
import { studentReach } from '../distributions.js';
import { confidence, minPairs } from './comparison.js';

const maxGroups = 50;
/**
 * Difference of any smooth metric, paired by sample, by the jackknife: the pairs are dealt into groups, the difference is
 * computed without each group in turn, and its spread gives the standard error
 * √((g − 1)/g · Σ(θ₍ᵢ₎ − mean)²), with g − 1 degrees of freedom. Below 50 pairs every pair is a group of its own.
 *
 * @param valueName - Which of the metric's values.
 * @see Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 11
 */
export function compareByJackknife(spec, valueName) {
  const create = () => getMetricKind(spec.type).create(spec);
  const createPair = () => ({ present: create(), baseline: create() });
  const whole = createPair();
  const withoutGroup = Array.from({ length: maxGroups }, createPair);
  let pairs = 0;
  let defect;
  return {
    add(present, baseline, sampleId) {
      const group = pairs % maxGroups;
      pairs += 1;
      try {
        for (const [index, pair] of [whole, ...withoutGroup].entries()) {
          if (index === group + 1) continue;
          pair.present.add(present, sampleId);
          pair.baseline.add(baseline, sampleId);
        }
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
        defect ??= error.message;
      }
    },
    finish() {
      if (defect !== undefined) return { reason: defect };
      if (pairs < minPairs) return { reason: 'too-few-pairs' };
      const estimate = subtract(whole);
      const parts = withoutGroup.slice(0, pairs).map(subtract);
      const known = parts.filter((part) => part !== undefined);
      if (estimate === undefined || known.length < parts.length) return { reason: 'no-value' };
      const reach = studentReach(parts.length - 1, confidence) * findStandardError(known);
      return { estimate, interval: [estimate - reach, estimate + reach], pairs, method: 'jackknife' };
    },
  };
  function subtract({ present, baseline }) {
    const [now, before] = [present.finish().values[valueName], baseline.finish().values[valueName]];
    return typeof now === 'number' && typeof before === 'number' ? now - before : undefined;
  }
}
function findStandardError(parts) {
  const count = parts.length;
  const mean = parts.reduce((sum, part) => sum + part, 0) / count;
  const squares = parts.reduce((sum, part) => sum + (part - mean) ** 2, 0);
  return Math.sqrt(((count - 1) / count) * squares);
}
