/** Raised when a filter can hold for another sample than before; part of every key whose result rests on a filter. */
export const filterRevision = 1;
