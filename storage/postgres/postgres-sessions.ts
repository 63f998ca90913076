/** One session with the server. */
export interface PostgresSession {
  query<Row>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Row[]; readonly rowCount: number }>;
}

/** Sessions with the server of a store, few and shared. */
export interface PostgresSessions {
  /**
   * Runs work in one session. Where the connection is lost, or the server restarts, all of it is run again, with growing
   * waits in between: it may be done twice.
   *
   * @throws {EvaluationError} `store-failed`.
   */
  run<T>(work: (session: PostgresSession) => Promise<T>): Promise<T>;
}
