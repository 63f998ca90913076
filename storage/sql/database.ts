import type { Work } from './work.ts';

/** The database of a store, as the logic of the store sees it. */
export interface Database {
  /**
   * Runs work that reads and writes, and resolves when all of it is on disk; a failure leaves none of it. It is
   * serialised against every other transaction of the store, in whatever process: between what it reads and what it writes
   * nothing changes, also not what is absent.
   *
   * @throws {EvaluationError} `store-failed`, and what the work throws.
   */
  transaction<T>(work: () => Work<T>): Promise<T>;
  /** Runs work that only reads, over one state of the database. */
  snapshot<T>(work: () => Work<T>): Promise<T>;
}
