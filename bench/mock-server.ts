import { createServer, type ServerResponse } from 'node:http';

// A local OpenAI-compatible service for benchmarks, in a process of its own: answers at once, or after the milliseconds of
// its argument, and prints its address. `GET /arrivals` gives, and forgets, when each request came, in milliseconds.

const delayMs = Number(process.argv[2] ?? 0);
let arrivals: number[] = [];

const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/arrivals') {
    response.end(JSON.stringify(arrivals));
    arrivals = [];
    return;
  }
  arrivals.push(performance.timeOrigin + performance.now());
  request.on('end', () => {
    if (delayMs > 0) setTimeout(() => answer(response), delayMs);
    else answer(response);
  });
});

function answer(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(
    '{"id":"mock","model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":"4"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1}}',
  );
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) console.log(`http://127.0.0.1:${address.port}/v1`);
});
process.stdin.resume().on('end', () => process.exit(0)); // ends with its parent
