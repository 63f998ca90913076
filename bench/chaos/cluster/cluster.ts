import { createDatabase, terminateSessions } from '../../servers/postgres/databases.ts';
import { type PostgresServer, startPostgres } from '../../servers/postgres/postgres-server.ts';
import { startTemporalServer, type TemporalServer } from '../../servers/temporal-server.ts';

/** What workers and commands on several machines share. */
export interface Cluster extends AsyncDisposable {
  /** `postgres://…`, with the blobs in it as well. */
  readonly store: string;
  readonly database: PostgresServer;
  readonly temporal: TemporalServer;
  /** Of every worker and command. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends all sessions with the database. @returns how many there were. */
  cutSessions(): Promise<number>;
}

export async function startCluster(): Promise<Cluster> {
  const database = await startPostgres();
  try {
    const temporal = await startTemporalServer();
    const store = await createDatabase(database.address);
    return {
      store,
      database,
      temporal,
      environment: { STET_STORE: store, TEMPORAL_ADDRESS: temporal.address },
      cutSessions: () => terminateSessions(store),
      async [Symbol.asyncDispose]() {
        await temporal[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
