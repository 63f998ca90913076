import type { CompleteMetric } from '../../plan.ts';
import type { Comparison } from './comparison.ts';
/** The comparison that suits a metric; undefined where no interval holds, as for the extremes, which hang on one sample. */
export declare function createComparison(spec: CompleteMetric, valueName: string): Comparison | undefined;
