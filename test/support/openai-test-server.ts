import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server got it. */
export interface TestRequest {
  /** From 0, over the life of the server. */
  readonly index: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: TestRequestBody;
  /** Text of the last user message, else the whole body as JSON. */
  readonly prompt: string;
  /** How often this prompt came before, from 0. */
  readonly earlier: number;
  /** Requests being answered, this one included. */
  readonly inFlight: number;
  readonly receivedAt: number;
}

export interface TestRequestBody {
  readonly model?: string;
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
  readonly [name: string]: unknown;
}

/**
 * - `html`: a page
 * - `truncated`: the body breaks off, and its framing tells
 * - `unframed`: the body breaks off, and nothing says that it should go on
 * - `reset`: the connection is cut without a response
 * - `trickle`: the body comes byte by byte and never ends
 * - `endless`: it comes as fast as it is taken and never ends
 */
export type TestFault = 'html' | 'truncated' | 'unframed' | 'reset' | 'trickle' | 'endless';

/** What the server does with a request; text is a completion. */
export type TestAnswer =
  | string
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** A completion with this text; beside an error status, the text of the error. */
      readonly content?: string;
      /** The body as it is; text is sent verbatim, anything else as JSON. */
      readonly body?: unknown;
      readonly delayMs?: number;
      readonly fault?: TestFault;
    };

export type TestHandler = (request: TestRequest) => TestAnswer | Promise<TestAnswer>;

export interface OpenAiTestServerOptions {
  /** Default: the prompt in capital letters. */
  readonly answer?: TestHandler;
}

export interface OpenAiTestServer extends AsyncDisposable {
  /** Ends with `/v1`. */
  readonly baseUrl: string;
  /** In order of arrival. */
  readonly requests: readonly TestRequest[];
  /** The most requests that were being answered at the same time. */
  readonly highestInFlight: number;
  /** All requests, or those with this prompt. */
  count(prompt?: string): number;
  setHandler(answer: TestHandler): void;
  close(): Promise<void>;
}

/** A service with the protocol of OpenAI on the loopback, which counts what it is asked and fails as it is told to. */
export async function startOpenAiTestServer(options: OpenAiTestServerOptions = {}): Promise<OpenAiTestServer> {
  let handler: TestHandler = options.answer ?? ((request) => request.prompt.toUpperCase());
  const requests: TestRequest[] = [];
  const counts = new Map<string, number>();
  let inFlight = 0;
  let highestInFlight = 0;

  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await readRequest(incoming);
    const earlier = counts.get(request.prompt) ?? 0;
    counts.set(request.prompt, earlier + 1);
    inFlight++;
    highestInFlight = Math.max(highestInFlight, inFlight);
    const received: TestRequest = { ...request, index: requests.length, earlier, inFlight };
    requests.push(received);
    try {
      await reply(await handler(received), received, response);
    } catch (error) {
      response.writeHead(500).end(String(error));
    } finally {
      inFlight--;
    }
  };

  const server = createServer((incoming, response) => void handle(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    get highestInFlight() {
      return highestInFlight;
    },
    count: (prompt) => (prompt === undefined ? requests.length : (counts.get(prompt) ?? 0)),
    setHandler(answer) {
      handler = answer;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function readRequest(
  incoming: IncomingMessage,
): Promise<Pick<TestRequest, 'path' | 'headers' | 'body' | 'prompt' | 'receivedAt'>> {
  const receivedAt = Date.now();
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString('utf8');
  const body = parseBody(text);
  const last = body.messages?.findLast((message) => message.role === 'user')?.content;
  const prompt = typeof last === 'string' ? last : text;
  return { path: incoming.url ?? '', headers: incoming.headers, body, prompt, receivedAt };
}

function parseBody(text: string): TestRequestBody {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as TestRequestBody) : { value };
  } catch {
    return { text };
  }
}

async function reply(answer: TestAnswer, request: TestRequest, response: ServerResponse): Promise<void> {
  const {
    status = 200,
    headers = {},
    content,
    body,
    delayMs,
    fault,
  } = typeof answer === 'string' ? { content: answer } : answer;
  if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
  if (fault === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const payload =
    body ??
    (status < 400 ? makeCompletion(request, content ?? '') : { error: { message: content ?? 'failed', type: 'test' } });
  const text = fault === 'html' ? '<!doctype html><html><body>Sign in</body></html>' : asText(payload);
  const contentType = fault === 'html' ? 'text/html; charset=utf-8' : 'application/json';
  if (fault === 'unframed') {
    const half = text.slice(0, Math.ceil(text.length / 2));
    response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${half}`);
    return;
  }
  response.writeHead(status, { 'content-type': contentType, 'x-request-id': `request-${request.index}`, ...headers });
  switch (fault) {
    case 'truncated':
      response.write(text.slice(0, Math.ceil(text.length / 2)), () => response.socket?.destroy());
      return;
    case 'trickle':
      return pourOut(response, ' ', 5);
    case 'endless':
      return pourOut(response, ' '.repeat(65_536), 0);
    case 'html':
    case undefined:
      response.end(text);
  }
}

/** Writes until the other side has had enough. */
async function pourOut(response: ServerResponse, piece: string, pauseMs: number): Promise<void> {
  const closed = once(response, 'close');
  while (!response.destroyed) {
    const hasRoom = response.write(piece);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    else if (!hasRoom) await Promise.race([once(response, 'drain'), closed]);
  }
  await closed;
}

function asText(payload: unknown): string {
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}

function makeCompletion(request: TestRequest, content: string) {
  return {
    id: `completion-${request.index}`,
    object: 'chat.completion',
    created: 1_700_000_000,
    model: request.body.model ?? 'test-model',
    system_fingerprint: 'fp_test',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  };
}
