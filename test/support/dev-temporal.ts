import { Client, Connection } from '@temporalio/client';
import { findRealTemporal, startRealTemporalServer } from '../../bench/servers/real-temporal-server.ts';
import { startTemporalServer, type TemporalServer } from '../../bench/servers/temporal-server.ts';
import { getPostgres } from './services/shared-services.ts';

/** A Temporal that is not Stet's, with a client for it. */
export interface DevTemporal extends TemporalServer {
  readonly client: Client;
}

export async function startDevTemporal(): Promise<DevTemporal> {
  return withClient(await startTemporalServer());
}

/**
 * For the cluster suite: the real server on PostgreSQL where `TEMPORAL_SERVER_BIN` and `TEMPORAL_SQL_TOOL_BIN` name its
 * programs, else the dev server.
 */
export async function startClusterTemporal(): Promise<DevTemporal> {
  const programs = findRealTemporal(process.env);
  return programs === undefined
    ? startDevTemporal()
    : withClient(await startRealTemporalServer(programs, getPostgres()));
}

function withClient(server: TemporalServer): DevTemporal {
  const connection = Connection.lazy({ address: server.address });
  return {
    ...server,
    client: new Client({ connection }),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
