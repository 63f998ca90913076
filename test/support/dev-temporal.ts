import { Client, Connection } from '@temporalio/client';
import { startTemporalServer, type TemporalServer } from '../../bench/servers/temporal-server.ts';

/** A Temporal that is not Stet's, with a client for it. */
export interface DevTemporal extends TemporalServer {
  readonly client: Client;
}

export async function startDevTemporal(): Promise<DevTemporal> {
  const server = await startTemporalServer();
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
