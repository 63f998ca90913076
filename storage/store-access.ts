/** What may be done with a store: with `read`, nothing in it changes, also what is found damaged. */
export const storeAccesses = ['read', 'write'] as const;
export type StoreAccess = (typeof storeAccesses)[number];
