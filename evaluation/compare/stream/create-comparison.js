import { compareByJackknife } from './compare-by-jackknife.js';
import { compareMeans } from './compare-means.js';
/** The comparison that suits a metric; undefined where no interval holds, as for the extremes, which hang on one sample. */
export function createComparison(spec, valueName) {
  switch (spec.type) {
    case 'mean':
      return compareMeans(spec.field);
    case 'min':
    case 'max':
      return undefined;
    case 'std_dev':
    case 'frequency':
    case 'weighted_average':
    case 'precision':
    case 'recall':
    case 'f1_score':
    case 'binary-classification':
    case 'multiclass-classification':
      return compareByJackknife(spec, valueName);
  }
}
