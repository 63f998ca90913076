import type { RecordedQuery } from './trace.ts';

/**
 * What one trial asked, in the order in which answers arrived. One recorder per trial in stage solve, and per scorer and
 * trial in stage score; whoever provides `generate` tells it of every query.
 */
export interface QueryRecorder {
  /** A query that brought an answer, taken from the journal or just received. */
  answered(query: RecordedQuery): void;
  /** A query that left and brought none; `retries` is how often it was sent again. */
  failed(retries: number): void;
  readonly queries: readonly RecordedQuery[];
  readonly failedQueries: { readonly sent: number; readonly retried: number };
}

export function createQueryRecorder(): QueryRecorder {
  const queries: RecordedQuery[] = [];
  const failedQueries = { sent: 0, retried: 0 };
  return {
    queries,
    failedQueries,
    answered(query) {
      queries.push(query);
    },
    failed(retries) {
      failedQueries.sent += 1;
      failedQueries.retried += retries;
    },
  };
}
