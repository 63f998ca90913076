import { createServer } from 'node:http';

// A local OpenAI-compatible service for benchmarks, in a process of its own: answers at once, and prints its address.

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      '{"id":"mock","model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":"4"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1}}',
    );
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) console.log(`http://127.0.0.1:${address.port}/v1`);
});
process.stdin.resume().on('end', () => process.exit(0)); // ends with its parent
