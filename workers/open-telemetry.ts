import { setTimeout as sleep } from 'node:timers/promises';
import { Runtime } from '@temporalio/worker';
import { combineTelemetry, noTelemetry, type Telemetry } from '../contracts/telemetry.ts';
import { createMetrics } from './create-metrics.ts';

/** What a collector that does not answer may hold up at the end. */
const closeTimeoutMs = 5_000;

export interface OpenTelemetry {
  readonly telemetry: Telemetry;
  /** Exports what is left; never rejects. */
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What metrics and traces are wanted of this process. Traces where OpenTelemetry's own variables name a collector; without
 * one, none of its libraries is loaded.
 *
 * @param hasMetrics - Whether the installed runtime shows metrics.
 */
export async function openTelemetry(environment: Environment, hasMetrics: boolean): Promise<OpenTelemetry> {
  const metrics = hasMetrics ? createMetrics(Runtime.instance().metricMeter) : noTelemetry;
  const url = findTracesUrl(environment);
  if (url === undefined) return { telemetry: metrics, close: async () => {} };
  const { createTraces } = await import('./create-traces.ts');
  const traces = createTraces({
    url,
    serviceName: environment['OTEL_SERVICE_NAME'] ?? 'stet',
    capturesContent: environment['STET_CAPTURE_CONTENT'] === '1',
  });
  return {
    telemetry: combineTelemetry(metrics, traces.telemetry),
    async close() {
      await Promise.race([traces.close(), sleep(closeTimeoutMs, undefined, { ref: false })]);
    },
  };
}

/** As OpenTelemetry's specification says: the address for traces as it is, the common one with their path. */
function findTracesUrl(environment: Environment): string | undefined {
  if (environment['OTEL_SDK_DISABLED'] === 'true' || environment['OTEL_TRACES_EXPORTER'] === 'none') return undefined;
  const [own, common] = [environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], environment['OTEL_EXPORTER_OTLP_ENDPOINT']];
  const url = own || (common ? `${common.replace(/\/+$/, '')}/v1/traces` : undefined);
  return url !== undefined && URL.canParse(url) ? url : undefined;
}
