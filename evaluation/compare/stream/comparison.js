/**
 * With fewer pairs not even a change of all of them in one direction is beyond chance at this level: of five, one in 16
 * such tables arises by chance (the sign test), and an interval would say what its numbers cannot bear.
 */
export const minPairs = 6;
/** Two-sided level of the intervals. */
export const confidence = 0.95;
