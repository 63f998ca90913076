import type { Database } from '../sql/database.ts';
import type { Work } from '../sql/work.ts';
import type { SqliteConnection } from './connection.ts';

/** Work on a SQLite database. All of it is over, and on disk, before the event loop turns. */
export class SqliteDatabase implements Database {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async transaction<T>(work: () => Work<T>): Promise<T> {
    return this.#connection.transaction(() => this.#connection.perform(work()));
  }

  async snapshot<T>(work: () => Work<T>): Promise<T> {
    return this.#connection.snapshot(() => this.#connection.perform(work()));
  }
}
