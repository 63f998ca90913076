import type { DatabaseCheck } from '../../housekeeping.ts';
import type { Database } from '../database.ts';
import type { Work } from '../work.ts';

/** One connection for one operation: its temporary tables live as long as it does, and each operation has its own. */
export interface HousekeepingSession extends Database {
  createTemporaryTables(statements: readonly string[]): Promise<void>;
  /** A transaction that removes rows of which its statement itself makes sure that no other row refers to them. */
  removeUnreferenced<T>(work: () => Work<T>): Promise<T>;
  /** What the database says is wrong with itself, as far as it can tell. */
  checkDatabase(): Promise<{ readonly check: DatabaseCheck; readonly problems: readonly string[] }>;
  /** What the rows take on disk; blobs in the database not counted. */
  measureSizeBytes(): Promise<number>;
  close(): Promise<void>;
}
