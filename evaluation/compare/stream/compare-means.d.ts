import { type Comparison } from './comparison.ts';
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
export declare function compareMeans(field: string): Comparison;
