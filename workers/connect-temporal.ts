import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import { retryUntilClosed } from './retry-until-closed.ts';

export interface TemporalConnection {
  /** Shared by all workers of the process. */
  readonly native: NativeConnection;
  readonly client: Client;
  close(): Promise<void>;
}

let isInstalled = false;

/**
 * The SDK's runtime, once a process, before any connection. Its log goes nowhere below `ERROR` unless `verbose`: a drain
 * fails activities on purpose, and the command line owns the terminal and the signals.
 */
export function installRuntime(options: { readonly log: (line: string) => void; readonly verbose: boolean }): void {
  if (isInstalled) return;
  isInstalled = true;
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger(options.verbose ? 'INFO' : 'ERROR', ({ level, message }) => {
      if (options.verbose || !isExpected(message)) options.log(`temporal ${level.toLowerCase()}: ${message}`);
    }),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: options.verbose ? 'WARN' : 'ERROR' }) },
    },
  });
}

/** Lines the SDK logs as errors for what Stet does on purpose or mends by itself. */
function isExpected(message: string): boolean {
  return /gracefully|shutdown|poll/i.test(message);
}

/** Connects workers and client to one server. */
export async function connectTemporal(address: string, namespace: string): Promise<TemporalConnection> {
  const [native, connection] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address, interceptors: [retryUntilClosed] }),
  ]);
  return {
    native,
    client: new Client({ connection, namespace }),
    async close() {
      await connection.close();
      await native.close();
    },
  };
}
