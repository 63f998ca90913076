import { NeumaierSum } from '../../metrics/neumaier-sum.js';
import { NumberReader } from '../../metrics/number-reading.js';
import { readField } from '../../metrics/read-field.js';
import { normalReach, studentReach } from '../distributions.js';
import { confidence, minPairs } from './comparison.js';
/**
 * Difference of two means of one field, paired by sample.
 *
 * Of numbers it is the paired t interval: the mean of the differences ± t · s / √n with n − 1 degrees of freedom.
 * Where all values are 0 or 1 the differences have few values and often no variance, which t takes for certainty; then it
 * is the interval for matched proportions that adds half a pair to each of the four cells. The estimate is the plain
 * difference in both cases.
 *
 * @see Student (1908), https://doi.org/10.1093/biomet/6.1.1
 * @see Agresti and Min (2005), https://doi.org/10.1002/sim.1781
 */
export function compareMeans(field) {
  const reader = new NumberReader();
  const sum = new NeumaierSum();
  const squares = new NeumaierSum();
  let pairs = 0;
  let isBinary = true;
  return {
    add(present, baseline, sampleId) {
      const [left, right] = [readField(present, field), readField(baseline, field)];
      if (left === undefined || right === undefined) return;
      const [now, before] = [reader.read(left, sampleId), reader.read(right, sampleId)];
      if (now === undefined || before === undefined) return;
      isBinary &&= isZeroOrOne(now) && isZeroOrOne(before);
      pairs += 1;
      sum.add(now - before);
      squares.add((now - before) ** 2);
    },
    finish() {
      if (reader.defect !== undefined) return { reason: reader.defect };
      if (pairs < minPairs) return { reason: 'too-few-pairs' };
      const estimate = sum.value / pairs;
      const [centre, reach] = isBinary
        ? reachOfProportions(pairs, sum.value, squares.value)
        : [estimate, reachOfMeans(pairs, estimate, squares.value)];
      if (!Number.isFinite(centre) || !Number.isFinite(reach)) return { reason: 'not-a-number' };
      const method = isBinary ? 'agresti-min' : 'paired-t';
      return { estimate, interval: [centre - reach, centre + reach], pairs, method };
    },
  };
}
function isZeroOrOne(value) {
  return value === 0 || value === 1;
}
function reachOfMeans(pairs, mean, squares) {
  const variance = Math.max(0, (squares - pairs * mean ** 2) / (pairs - 1));
  return studentReach(pairs - 1, confidence) * Math.sqrt(variance / pairs);
}
/** Half a pair more in each cell: two pairs in all, which add nothing to the sum and one to the sum of squares. */
function reachOfProportions(pairs, sum, squares) {
  const n = pairs + 2;
  const variance = (squares + 1 - sum ** 2 / n) / n ** 2;
  return [sum / n, normalReach(confidence) * Math.sqrt(variance)];
}
