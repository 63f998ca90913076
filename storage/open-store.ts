import { openSqliteStore } from './sqlite/open-sqlite-store.ts';
import type { Store } from './store.ts';

/**
 * Opens the store in a directory; makes it where it is absent.
 *
 * @param options.segmentSize - Rows a segment, for a new store; an old one keeps its own.
 *
 * @throws {EvaluationError} `store-schema`, `store-damaged`, `store-failed`.
 */
export function openStore(directory: string, options: { readonly segmentSize?: number } = {}): Promise<Store> {
  return openSqliteStore(directory, options);
}
