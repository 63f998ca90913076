import { openSqliteStore } from './sqlite/open-sqlite-store.ts';
import type { Store } from './store.ts';

/**
 * Opens the store in a directory; makes it where it is absent.
 *
 * @throws {EvaluationError} `store-schema`, `store-damaged`, `store-failed`.
 */
export function openStore(directory: string): Promise<Store> {
  return openSqliteStore(directory);
}
