import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { noTelemetry, type SentQuery, type Telemetry } from '../contracts/telemetry.ts';
import { listInputMessages, listOutputMessages } from './trace-messages.ts';

/** Spans that wait to be exported; more are dropped, since an evaluation never waits for a collector. */
const longestQueue = 8_192;
const exportEveryMs = 2_000;
const exportTimeoutMs = 5_000;

export interface Traces {
  readonly telemetry: Telemetry;
  /** Exports what is left, or gives up on it soon; never rejects. */
  close(): Promise<void>;
}

export interface TracesOptions {
  /** Address that spans are posted to. */
  readonly url: string;
  readonly serviceName: string;
  /** Whether spans carry what was asked and answered. */
  readonly capturesContent: boolean;
}

/**
 * A span for each segment, and within it one for each send of a query, by the GenAI conventions of OpenTelemetry. A trace is
 * a segment: one of a whole run could have millions of spans, which no backend shows.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
 */
export function createTraces({ url, serviceName, capturesContent }: TracesOptions): Traces {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    spanProcessors: [
      new BatchSpanProcessor(exporter, {
        maxQueueSize: longestQueue,
        scheduledDelayMillis: exportEveryMs,
        exportTimeoutMillis: exportTimeoutMs,
      }),
    ],
  });
  const tracer = provider.getTracer('stet');
  const segments = new AsyncLocalStorage<Span>();

  return {
    telemetry: {
      ...noTelemetry,
      async inSegment({ runId, task, stage, segmentIndex }, work) {
        const span = tracer.startSpan(
          `${stage} ${task}`,
          {
            kind: SpanKind.INTERNAL,
            attributes: {
              'stet.run': runId,
              'stet.task': task,
              'stet.stage': stage,
              'stet.segment': segmentIndex,
            },
          },
          ROOT_CONTEXT,
        );
        try {
          return await segments.run(span, work);
        } catch (error) {
          // By its name: the text may repeat what a service said.
          span.setStatus({ code: SpanStatusCode.ERROR });
          span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
          throw error;
        } finally {
          span.end();
        }
      },
      querySent(query) {
        const parent = segments.getStore();
        const context = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
        const attributes = { ...describeQuery(query), ...(capturesContent ? listInputMessages(query.input) : {}) };
        const span = tracer.startSpan(`chat ${query.requestModel}`, { kind: SpanKind.CLIENT, attributes }, context);
        return {
          answered({ servedModel, responseId, finishReason, inputTokens, outputTokens, output }) {
            span.setAttributes({
              ...(servedModel === undefined ? {} : { 'gen_ai.response.model': servedModel }),
              ...(responseId === undefined ? {} : { 'gen_ai.response.id': responseId }),
              ...(finishReason === undefined ? {} : { 'gen_ai.response.finish_reasons': [finishReason] }),
              ...(inputTokens === undefined ? {} : { 'gen_ai.usage.input_tokens': inputTokens }),
              ...(outputTokens === undefined ? {} : { 'gen_ai.usage.output_tokens': outputTokens }),
              ...(capturesContent ? listOutputMessages(output, finishReason) : {}),
            });
            span.end();
          },
          failed({ type, statusCode }) {
            span.setStatus({ code: SpanStatusCode.ERROR });
            span.setAttribute('error.type', statusCode === undefined ? type : String(statusCode));
            if (statusCode !== undefined) span.setAttribute('http.response.status_code', statusCode);
            span.end();
          },
        };
      },
    },
    async close() {
      await provider.shutdown().catch(() => undefined); // nobody listens at the other end
    },
  };
}

function describeQuery({ model, provider, requestModel, serverAddress, serverPort, attempt }: SentQuery) {
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': requestModel,
    ...(serverAddress === undefined ? {} : { 'server.address': serverAddress }),
    ...(serverPort === undefined ? {} : { 'server.port': serverPort }),
    'stet.model': model,
    ...(attempt === 0 ? {} : { 'stet.attempt': attempt }),
  };
}
