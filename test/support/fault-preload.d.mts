/** See `fault-preload.mjs`. */
export interface Fault {
  /** Name of a point. */
  readonly at: string;
  readonly when: 'before' | 'after';
  /** From 1, which is the default. */
  readonly nth?: number;
  /** `kill`, `kill-all`, or the code of the error that is thrown there. */
  readonly act: string;
  /** The server's record, for `kill-all`. */
  readonly server?: string;
}
export function setFaults(faults: readonly Fault[]): void;
export function countReached(): number;
