import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, findDelayMs, findFault } from './faults.ts';
import { makeAnswer, readQuestion } from './questions.ts';
import { openBooks, type ServiceBooks } from './service-books.ts';
import type { FromService, ToService } from './service-protocol.ts';

// The model of the chaos command, in a process of its own. Below /v1 it keeps books, takes its time and fails now and
// then; below /reference/v1 it only answers, for the undisturbed runs. The path of a service is no part of an answer.

const seed = process.argv[2] ?? '';
const progressEveryMs = 10;

interface ChatRequest {
  readonly model?: string;
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
}

let books: ServiceBooks = openBooks();
let served = 0;
let toldReceived = '';

const server = createServer((request, response) => {
  void serve(request, response).catch(() => response.destroy());
});
// A connection that is closed for idleness while a request is on its way would look like a fault of the engine.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => tell({ type: 'listening', port: (server.address() as AddressInfo).port }));

process.on('message', (message: ToService) => {
  switch (message.type) {
    case 'begin-round':
      books = openBooks();
      return tell({ type: 'round-began' });
    case 'read-books':
      return tell({ type: 'books', books: books.read() });
  }
});
process.on('disconnect', () => process.exit(0)); // ends with its parent
process.on('SIGINT', () => {}); // Ctrl-C reaches the whole terminal; the parent says when it is over

setInterval(() => {
  const { progress } = books;
  const text = JSON.stringify(progress);
  if (text === toldReceived) return;
  toldReceived = text;
  tell({ type: 'progress', progress });
}, progressEveryMs);

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const content = JSON.parse(body) as ChatRequest;
  const question = readQuestion(content.messages ?? []);
  if (question === undefined) {
    books.noteOddity(`no question: ${body.slice(0, 300)}`);
    response.writeHead(400).end();
    return;
  }
  const completion = makeCompletion(content, makeAnswer(question));
  if (request.url?.startsWith('/reference/') === true) {
    sendCompletion(response, completion);
    return;
  }
  const process = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const delivery = books.begin(question, process, body);
  response.on('close', () => delivery.end(response.writableFinished ? 'answered' : 'cut'));
  await sleep(findDelayMs(seed, delivery.question, delivery.arrival));
  const fault = findFault(seed, delivery.question, delivery.arrival);
  if (fault === undefined) {
    sendCompletion(response, completion);
  } else {
    delivery.end('faulted');
    fail(response, fault, completion);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

/** Ids and counts differ from one answer to the next, as they do in life; the result must not. */
function makeCompletion({ model }: ChatRequest, content: string): string {
  served++;
  return JSON.stringify({
    id: `completion-${served}`,
    object: 'chat.completion',
    created: served,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 7, completion_tokens: 3 + (served % 5), total_tokens: 10 + (served % 5) },
  });
}

function sendCompletion(response: ServerResponse, completion: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': `request-${served}` }).end(completion);
}

function fail(response: ServerResponse, fault: Fault, completion: string): void {
  switch (fault) {
    case 'overloaded':
      return sendError(response, 429, {});
    case 'overloaded-retry-after':
      return sendError(response, 429, { 'retry-after': '1' });
    case 'broken':
      return sendError(response, 500, {});
    case 'unavailable':
      return sendError(response, 503, {});
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'cut-off':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(completion) });
      response.write(completion.slice(0, completion.length / 2), () => response.socket?.destroy());
  }
}

function sendError(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message: 'not now', type: 'chaos' } }));
}

function tell(message: FromService): void {
  process.send?.(message);
}
