import { Client, Connection } from '@temporalio/client';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  type NativeConnectionOptions,
  Runtime,
} from '@temporalio/worker';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { retryUntilClosed } from './retry-until-closed.ts';
import { listHistogramBuckets } from './stet-metrics.ts';

/** Where Temporal is, and what proves to it who asks. */
export interface TemporalAddress {
  /** `host:port`. */
  readonly address: string;
  readonly namespace: string;
  readonly tls?: NonNullable<NativeConnectionOptions['tls']>;
  readonly apiKey?: string;
  /** Sent with every call. */
  readonly metadata?: Record<string, string>;
}

export interface TemporalConnection {
  /** Shared by all workers of the process. */
  readonly native: NativeConnection;
  readonly client: Client;
  close(): Promise<void>;
}

export interface RuntimeOptions {
  readonly log: (line: string) => void;
  readonly verbose: boolean;
  /** `host:port` that shows metrics for Prometheus; undefined: nowhere. */
  readonly metricsAddress?: string | undefined;
}

let installed: RuntimeOptions | undefined;

/**
 * The SDK's runtime, once a process, before any connection. Its log goes nowhere below `ERROR` unless `verbose`: a drain
 * fails activities on purpose, and the command line owns the terminal and the signals.
 *
 * @throws {EvaluationError} `usage` where the metrics cannot be shown at that address.
 */
export function installRuntime(options: RuntimeOptions): void {
  const { metricsAddress } = options;
  if (installed !== undefined) {
    if (metricsAddress === undefined || metricsAddress === installed.metricsAddress) return;
    throw makeMetricsError(metricsAddress, 'this process has begun without them');
  }
  try {
    Runtime.install({
      shutdownSignals: [],
      logger: new DefaultLogger(options.verbose ? 'INFO' : 'ERROR', ({ level, message }) => {
        if (options.verbose || !isExpected(message)) options.log(`temporal ${level.toLowerCase()}: ${message}`);
      }),
      telemetryOptions: {
        logging: { forward: {}, filter: makeTelemetryFilterString({ core: options.verbose ? 'WARN' : 'ERROR' }) },
        ...(metricsAddress === undefined ? {} : { metrics: showMetrics(metricsAddress) }),
      },
    });
  } catch (error) {
    if (metricsAddress === undefined) throw error;
    // The SDK complains about how an address is written with the names of its own functions.
    const isWritten = error instanceof Error && !(error instanceof TypeError);
    throw makeMetricsError(metricsAddress, isWritten ? error.message : 'its host is no IP address');
  }
  installed = options;
}

function showMetrics(address: string) {
  const bindAddress = address.replace(/^localhost:/, '127.0.0.1:');
  return {
    prometheus: { bindAddress, useSecondsForDurations: true, histogramBucketOverrides: listHistogramBuckets() },
  };
}

function makeMetricsError(address: string, reason: string): EvaluationError {
  return new EvaluationError('usage', `Metrics cannot be shown on ${address}: ${reason}.`, {
    hint: 'Give --metrics another address, such as 127.0.0.1:9464.',
  });
}

/** Lines the SDK logs as errors for what Stet does on purpose or mends by itself. */
function isExpected(message: string): boolean {
  return /gracefully|shutdown|poll/i.test(message);
}

/** Connects workers and client to one server; rejects where nobody answers there. */
export async function connectTemporal(target: TemporalAddress): Promise<TemporalConnection> {
  const { namespace, ...options } = target;
  // Fails at once where nobody listens; the other one tries for ten seconds.
  const native = await NativeConnection.connect(options);
  const connection = await Connection.connect({ ...options, interceptors: [retryUntilClosed] }).catch(
    async (error: unknown) => {
      await native.close();
      throw error;
    },
  );
  return {
    native,
    client: new Client({ connection, namespace }),
    async close() {
      await connection.close();
      await native.close();
    },
  };
}
