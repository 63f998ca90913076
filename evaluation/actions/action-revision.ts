/** Raised when an action rule can exclude another sample than before; part of the result key. */
export const actionRevision = 1;
