/** Raised when trial scores can become another sample score than before; part of the result key. */
export const aggregatorRevision = 1;
