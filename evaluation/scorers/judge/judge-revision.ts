/**
 * Raised when the instructions to judges, or the reading of their replies, change such that the same judge can come to
 * another score; part of the result key of every task that asks one.
 */
export const judgeRevision = 1;
