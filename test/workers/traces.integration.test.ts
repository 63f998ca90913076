import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStet, type RunDocument } from '../../embedded/index.ts';
import { answerCapital, makeCapitalRun } from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const rows = 3;

interface SpanJson {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status: { readonly code?: number };
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

/** A collector that keeps what it gets; `status`: what it says to it. */
class Collector {
  readonly spans: SpanJson[] = [];
  readonly bodies: string[] = [];
  readonly services: unknown[] = [];
  #server: Server | undefined;
  endpoint = '';

  async start(status: number): Promise<void> {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        this.bodies.push(body);
        const { resourceSpans } = JSON.parse(body) as {
          readonly resourceSpans: readonly {
            readonly resource: unknown;
            readonly scopeSpans: readonly { readonly spans: readonly SpanJson[] }[];
          }[];
        };
        for (const { resource, scopeSpans } of resourceSpans) {
          this.services.push(resource);
          for (const { spans } of scopeSpans) this.spans.push(...spans);
        }
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let collector: Collector;

beforeEach(async () => {
  server = await startOpenAiTestServer({
    answer: ({ prompt, earlier }) =>
      prompt.includes('Country 1?') && earlier === 0
        ? { status: 503, headers: { 'retry-after': '0' } }
        : answerCapital(prompt),
  });
  folder = await makeTemporaryFolder();
  collector = new Collector();
  await collector.start(200);
});

afterEach(async () => {
  await collector.stop();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Sends all its queries, whatever was answered before. */
async function run(environment: Readonly<Record<string, string>>): Promise<RunDocument> {
  const stet = await openStet({
    store: `${folder.path}/.stet`,
    workingDirectory: folder.path,
    environment: { ...process.env, ...environment },
  });
  try {
    return await (await stet.run(makeCapitalRun({ baseUrl: server.baseUrl, rows, cachePolicy: 'update' }))).result();
  } finally {
    await stet.close();
  }
}

function readAttributes({ attributes }: SpanJson): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

/** Files of the exporter that this process has loaded. */
function listLoaded(): readonly string[] {
  return Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('@opentelemetry/exporter'));
}

describe('traces', () => {
  it('load nothing of OpenTelemetry where no collector is named', async () => {
    expect((await run({})).status).toBe('completed');
    expect(listLoaded()).toEqual([]);
    expect(collector.bodies).toEqual([]);
  });

  it('have a span for every send, within that of its segment, by the GenAI conventions', async () => {
    const document = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_SERVICE_NAME: 'evaluations' });
    expect(document.status).toBe('completed');
    expect(listLoaded()).not.toEqual([]);
    expect(JSON.stringify(collector.services)).toContain('evaluations');
    const segments = collector.spans.filter(({ name }) => name === 'solve plain');
    const chats = collector.spans.filter(({ name }) => name === 'chat small-1');
    expect(segments).toHaveLength(1);
    expect(readAttributes(segments[0] as SpanJson)).toMatchObject({ 'stet.run': document.run, 'stet.task': 'plain' });
    expect(chats).toHaveLength(rows + 1);
    for (const { traceId, parentSpanId } of chats) {
      expect({ traceId, parentSpanId }).toEqual({ traceId: segments[0]?.traceId, parentSpanId: segments[0]?.spanId });
    }
    const { port } = new URL(server.baseUrl);
    const [failed] = chats.filter(({ status }) => status.code === 2).map(readAttributes);
    expect(failed).toMatchObject({ 'error.type': '503', 'gen_ai.request.model': 'small-1' });
    for (const chat of chats.filter(({ status }) => status.code !== 2)) {
      expect(readAttributes(chat)).toMatchObject({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai_compatible',
        'gen_ai.request.model': 'small-1',
        'gen_ai.usage.input_tokens': expect.anything(),
        'gen_ai.usage.output_tokens': expect.anything(),
        'gen_ai.response.finish_reasons': expect.anything(),
        'server.address': '127.0.0.1',
        'server.port': Number(port),
      });
    }
    const text = collector.bodies.join('\n');
    expect(['Country 1', 'Capital 1', 'Name the city'].filter((word) => text.includes(word))).toEqual([]);
  });

  it('carry what was asked and answered only where that is wished', async () => {
    await run({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.endpoint}/own/path`,
      STET_CAPTURE_CONTENT: '1',
    });
    const [chat] = collector.spans.filter(({ name, status }) => name === 'chat small-1' && status.code !== 2);
    const attributes = readAttributes(chat as SpanJson);
    expect(JSON.parse(String(attributes['gen_ai.input.messages']))).toMatchObject([
      { role: 'system', parts: [{ type: 'text', content: 'Name the city only.' }] },
      { role: 'user' },
    ]);
    expect(String(attributes['gen_ai.output.messages'])).toContain('Capital');
  });

  it('never disturb a run: a collector that refuses or is gone changes nothing', async () => {
    const refusing = new Collector();
    await refusing.start(400);
    expect((await run({ OTEL_EXPORTER_OTLP_ENDPOINT: refusing.endpoint })).status).toBe('completed');
    expect(refusing.bodies.length).toBeGreaterThan(0);
    await refusing.stop();
    expect((await run({ OTEL_EXPORTER_OTLP_ENDPOINT: refusing.endpoint })).status).toBe('completed');
  });
});
