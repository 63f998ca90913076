import type { CompleteMetric } from '../../plan.ts';
import { type Comparison } from './comparison.ts';
/**
 * Difference of any smooth metric, paired by sample, by the jackknife: the pairs are dealt into groups, the difference is
 * computed without each group in turn, and its spread gives the standard error
 * √((g − 1)/g · Σ(θ₍ᵢ₎ − mean)²), with g − 1 degrees of freedom. Below 50 pairs every pair is a group of its own.
 *
 * @param valueName - Which of the metric's values.
 * @see Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 11
 */
export declare function compareByJackknife(spec: CompleteMetric, valueName: string): Comparison;
