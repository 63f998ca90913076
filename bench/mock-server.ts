import { createServer, type Socket } from 'node:net';

// A local OpenAI-compatible service for benchmarks, in a process of its own: answers at once, or after the milliseconds of
// its argument, and prints its address. `GET /arrivals` gives, and forgets, when each request came, in milliseconds.
//
// It speaks just enough HTTP/1.1 over bare sockets: what it takes of the processor is missing to those that are measured.

const delayMs = Number(process.argv[2] ?? 0);
const endOfHead = '\r\n\r\n';
const answer = makeResponse(
  JSON.stringify({
    id: 'mock',
    model: 'mock',
    choices: [{ index: 0, message: { role: 'assistant', content: '4' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 1 },
  }),
);
let arrivals: number[] = [];

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy()); // its client was killed
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let length = findLength(rest); length !== undefined && length <= rest.length; length = findLength(rest)) {
      handle(socket, rest.toString('latin1', 0, rest.indexOf(' HTTP/')));
      rest = rest.subarray(length);
    }
  });
});

/** Bytes of the first request, head and body; `undefined` until its head is there. */
function findLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(endOfHead);
  if (end < 0) return undefined;
  const [, length = '0'] = /\r\ncontent-length: (\d+)/i.exec(bytes.toString('latin1', 0, end)) ?? [];
  return end + endOfHead.length + Number(length);
}

function handle(socket: Socket, request: string): void {
  if (request === 'GET /arrivals') {
    socket.write(makeResponse(JSON.stringify(arrivals)));
    arrivals = [];
    return;
  }
  arrivals.push(performance.timeOrigin + performance.now());
  if (delayMs > 0) setTimeout(() => socket.write(answer), delayMs);
  else socket.write(answer);
}

function makeResponse(body: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}${endOfHead}${body}`;
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) console.log(`http://127.0.0.1:${address.port}/v1`);
});
process.stdin.resume().on('end', () => process.exit(0)); // ends with its parent
